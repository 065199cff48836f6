"""One inference: what the model and the phrases of the workspace say at a place, judged by each other and by the gate."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from recoder_lsp.engine import models
from recoder_lsp.engine.fim import Snippet
from recoder_lsp.engine.generation import Generated
from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.features import experts
from recoder_lsp.features.answers import Answer
from recoder_lsp.features.asking import Request, place_of
from recoder_lsp.features.context import Context
from recoder_lsp.features.experts import Experts, Switches
from recoder_lsp.features.gate import Evidence, Gate
from recoder_lsp.index.phrases.building import build
from recoder_lsp.index.phrases.stream import Stream
from tests.features.desk import INTENDED, SETTINGS, request_at
from tests.features.well_read import ReadyRuntime, WellReadModel

CLIENT = "class Client:\n    def stop(self):\n        self.session.close(timeout=5)\n        self.connected = False\n"
HALF_WRITTEN = "class Server:\n    def stop(self):\n        self.session.▮\n        self.connected = False\n"
ALL, NO_CONTEXT = Switches(), Context()
BLOCK = "print(total)\n\ndef area(r):\n    ▮\n\nend = 1\n"


class Folder:
    """Knows the phrases of a folder, as a `Workspace` does."""

    def __init__(self, **files: str) -> None:
        self.stream: Stream | None = build((f"{name}.py", text) for name, text in files.items())

    def phrases(self, uri: str) -> tuple[Stream, str] | None:
        return (self.stream, uri.removeprefix("file:///w/")) if self.stream is not None else None


class Table:
    """Experts, what they are asked and what they answer."""

    def __init__(
        self, model: Any = None, folder: Folder | None = None, switches: Switches = ALL, settings: Any = SETTINGS, *, invoked: bool = False
    ) -> None:
        self.runtime = ReadyRuntime(model)
        self.settings, self.invoked = settings, invoked
        self.experts = Experts(self.runtime, folder, switches=switches)

    def steps(self, text: str, context: Context = NO_CONTEXT, rejections: int = 0) -> Generator[None, None, Answer]:
        request = replace(request_at(text), invoked=self.invoked)
        return self.experts.work(request, place_of(request), context, self.settings, rejections)()

    def answer(self, text: str, context: Context = NO_CONTEXT) -> Answer:
        return finished(self.steps(text, context))

    def texts(self, text: str) -> list[str]:
        return [candidate.text for candidate in self.answer(text).candidates]

    def evidence(self, text: str) -> list[Evidence]:
        request = request_at(text)
        return finished(self.experts.evidence(request, place_of(request), Context(), SETTINGS)())


def finished(steps: Generator[None, None, Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return done.value


def taking_turns(works: list[Generator[None, None, Answer]]) -> list[Answer]:
    """Step one after the other until all are done."""
    answers, left = dict[int, Answer](), dict(enumerate(works))
    while left:
        for number, steps in list(left.items()):
            try:
                next(steps)
            except StopIteration as done:
                answers[number] = done.value
                del left[number]
    return [answers[number] for number in range(len(works))]


@pytest.fixture(scope="module")
def model() -> Iterator[LlamaModel]:
    model = LlamaModel.load(models.embedded(), context_tokens=0, threads=1)
    yield model
    model.close()


@pytest.fixture(autouse=True)
def _always_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is asked at every place, but where a test is about that."""
    first_look_says(monkeypatch, hopeless=False)


def first_look_says(monkeypatch: pytest.MonkeyPatch, *, hopeless: bool) -> None:
    monkeypatch.setattr(Gate, "is_hopeless", lambda gate, row: hopeless)


# Without a model


def test_until_there_is_a_model_the_phrases_answer():
    table = Table(None, Folder(client=CLIENT))

    answer = table.answer(HALF_WRITTEN)

    assert table.experts.ready(SETTINGS)
    assert table.runtime.asked_to_load
    assert (answer.candidates[0].text, answer.candidates[0].source) == ("close(timeout=5)", "phrases")
    assert 0.0 < answer.candidates[0].probability < 1.0
    assert (answer.generated, answer.complete, answer.block) == (None, True, False)


def test_without_files_the_document_is_all_there_is():
    assert Table().texts("total = compute(values)\nprint(total)\ntotal = ▮\n") == ["compute(values)"]


def test_of_an_open_file_the_open_text_counts():
    folder = Folder(a="limit = read_limit(old)\n")

    assert Table(None, folder).texts("limit = read_limit(new)\nprint(limit)\nlimit = ▮\n") == ["read_limit(new)"]


def test_where_nobody_knows_anything_there_is_no_candidate():
    for text in ("▮", "x▮", "\n▮\n"):
        assert Table(None, Folder()).texts(text) == []


def test_what_breaks_the_document_is_no_candidate():
    folder = Folder(b="total = compute(values))\n")

    assert any(each.text == "compute(values))" for each in Table(None, folder).evidence("total = ▮\nprint(total)\n"))
    assert "compute(values))" not in Table(None, folder).texts("total = ▮\nprint(total)\n")


# The first look


def unasked(**completion: Any) -> Any:
    return replace(SETTINGS, completion=replace(SETTINGS.completion, min_confidence_percent=35, **completion))


@pytest.mark.parametrize("hopeless", [True, False])
def test_where_nothing_would_be_shown_the_model_is_not_asked(model, monkeypatch, hopeless):
    first_look_says(monkeypatch, hopeless=hopeless)
    before = model.evaluated_tokens

    answer = Table(model, Folder(client=CLIENT), settings=unasked()).answer(HALF_WRITTEN)

    assert (answer.generated is None) == hopeless == (model.evaluated_tokens == before)


def test_a_block_that_nobody_expects_is_not_written_either(model, monkeypatch):
    first_look_says(monkeypatch, hopeless=True)

    answer = Table(model, Folder(client=CLIENT), settings=unasked()).answer(BLOCK)

    assert (answer.block, answer.generated) == (False, None)


@pytest.mark.parametrize(
    "table",
    [
        {"settings": unasked(), "invoked": True},
        {"settings": replace(SETTINGS, completion=replace(SETTINGS.completion, min_confidence_percent=20))},
    ],
    ids=["asked by hand", "a lower threshold"],
)
def test_the_model_is_asked_nevertheless_where_the_look_was_not_learnt_for_it(model, monkeypatch, table):
    first_look_says(monkeypatch, hopeless=True)

    answer = Table(model, **{"folder": Folder(client=CLIENT), **table}).answer(HALF_WRITTEN)

    assert answer.generated is not None


def test_a_secret_is_no_candidate():
    folder = Folder(b='login.password = "hunter2hunter2"\n')

    assert not any("redacted" in text or "hunter2" in text for text in Table(None, folder).texts("login.password = ▮\n"))


# Together


def test_candidates_come_with_the_most_probable_first(model):
    answer = Table(model, Folder(client=CLIENT)).answer(HALF_WRITTEN)

    probabilities = [candidate.probability for candidate in answer.candidates]
    assert "close(timeout=5)" in [candidate.text for candidate in answer.candidates]
    assert probabilities == sorted(probabilities, reverse=True)
    assert all(0.0 < probability < 1.0 for probability in probabilities)
    assert len({candidate.text for candidate in answer.candidates}) == len(answer.candidates) <= experts.MOST_CHECKED
    assert answer.generated is not None


def test_each_judges_what_the_other_has_proposed(model):
    found = Table(model, Folder(client=CLIENT, more="self.session.refresh(now)\n" * 3)).evidence(HALF_WRITTEN)

    assert {each.source for each in found} >= {"model", "phrases"}
    for each in found:
        assert each.phrases is not None
        assert each.phrases.line.text == each.text
        assert each.model is not None
        assert each.model.log_probability < 0.0
        assert (each.model_rank, each.phrases_rank) != (None, None)
    assert sum(each.model_rank is None for each in found) <= experts.MOST_JUDGED


def test_what_several_propose_is_one_candidate(model):
    found = Table(model, Folder(client=CLIENT)).evidence(
        "import os\nimport sys\n\nif __name__ == '__main__':\n    sys.exit(main())\n\nif __▮"
    )

    texts = [" ".join(each.text.split()) for each in found]
    assert len(texts) == len(set(texts))
    assert any(each.model_rank is not None and each.phrases_rank is not None for each in found)


def test_rejections_are_put_before_the_gate(monkeypatch):
    seen: list[int] = []
    original = experts.features
    monkeypatch.setattr(experts, "features", lambda found, place, rejections: seen.append(rejections) or original(found, place, rejections))

    finished(Table(None, Folder(client=CLIENT)).steps(HALF_WRITTEN, rejections=3))

    assert seen == [3]


def test_names_that_stand_nowhere_are_counted():
    model = WellReadModel("import os\n\ntotal = compute(unheard)\n", beam="3,0.25")

    (best, *_) = Table(model, Folder(b="compute = 1\n")).evidence("import os\n\ntotal = ▮\n")

    assert (best.text, best.unresolved) == ("compute(unheard)", 1)


# Blocks


def test_a_block_goes_on_after_the_best_first_line():
    answer = Table(WellReadModel(INTENDED, beam="3,0.25")).answer(BLOCK)

    assert answer.block
    assert answer.candidates[0].text == "square = r * r\n    return 3 * square"


def test_a_block_goes_on_after_a_line_that_the_phrases_proposed():
    intended = INTENDED.replace("square = r * r", "unlikely = r * r")
    model = WellReadModel(intended, beam="3,0.25", sureness=3.0)
    folder = Folder(b="def area(r):\n    unlikely = r * r\n" * 4)

    answer = Table(model, folder).answer(BLOCK)

    assert answer.candidates[0].text.startswith("unlikely = r * r")


def test_behind_a_header_the_block_begins_with_the_line_below():
    answer = Table(WellReadModel(INTENDED, beam="3,0.25")).answer("print(total)\n\ndef area(r):▮\n\nend = 1\n")

    assert answer.block
    assert [candidate.text for candidate in answer.candidates] == ["\n    square = r * r\n    return 3 * square"]


def test_a_block_that_ran_out_of_time_is_not_complete(monkeypatch):
    original = experts.generate

    def generate(*arguments: Any) -> Generator[None, None, Generated]:
        return replace((yield from original(*arguments)), ended_by="time")

    assert Table(WellReadModel(INTENDED, beam="3,0.25")).answer(BLOCK).complete
    monkeypatch.setattr(experts, "generate", generate)

    answer = Table(WellReadModel(INTENDED, beam="3,0.25")).answer(BLOCK)

    assert (answer.block, answer.complete) == (True, False)


def test_without_a_model_a_block_is_its_first_line():
    answer = Table(None, Folder(b="def area(r):\n    square = r * r\n")).answer(BLOCK)

    assert (answer.candidates[0].text, answer.block) == ("square = r * r", False)


def test_where_blocks_are_off_a_line_is_all():
    settings = replace(SETTINGS, completion=replace(SETTINGS.completion, multiline=False))
    table, request = Table(WellReadModel(INTENDED, beam="3,0.25")), request_at(BLOCK)

    answer = finished(table.experts.work(request, place_of(request), Context(), settings)())

    assert (answer.candidates[0].text, answer.block) == ("square = r * r", False)


# Leaving one out


def test_without_the_model_it_is_neither_asked_nor_loaded(model):
    for loaded in (model, None):
        table = Table(loaded, Folder(client=CLIENT), Switches(model=False))

        assert table.answer(HALF_WRITTEN).generated is None
        assert all(each.model is None for each in table.evidence(HALF_WRITTEN))
        assert table.experts.ready(SETTINGS)
        assert table.experts.reading(place_of(request_at("▮")), Context(), SETTINGS) is None
        assert not table.runtime.asked_to_load


def test_without_the_phrases_the_model_is_alone(model):
    table = Table(model, Folder(client=CLIENT), Switches(phrases=False))

    assert all((each.phrases, each.unresolved, each.source) == (None, 0, "model") for each in table.evidence(HALF_WRITTEN))
    assert table.answer(HALF_WRITTEN).generated is not None
    assert not Table(None, Folder(client=CLIENT), Switches(phrases=False)).experts.ready(SETTINGS)


def test_without_the_names_no_word_is_finished_by_how_it_begins_and_none_is_unresolved():
    text, folder = "unheard = collec▮\n", Folder(b="import collections\n")
    model = WellReadModel("x = stranger(1)\n", beam="3,0.25")

    assert [each.source for each in Table(None, folder).evidence(text)] == ["names"]
    assert Table(None, folder, Switches(names=False)).evidence(text) == []
    assert [Table(model, folder, Switches(names=names)).evidence("x = ▮\n")[0].unresolved for names in (True, False)] == [1, 0]


def test_without_the_gate_each_says_itself_how_sure_it_is(model):
    table = Table(model, Folder(client=CLIENT), Switches(gate=False))

    answer, found = table.answer(HALF_WRITTEN), {each.text: each for each in table.evidence(HALF_WRITTEN)}

    assert answer.candidates
    for candidate in answer.candidates:
        proposed = found[candidate.text]
        if candidate.source == "model":
            assert candidate.probability == pytest.approx(proposed.model.confidence_percent / 100, rel=0.05)
        else:
            assert 0.0 < candidate.probability <= 1.0


# One after the other


def test_a_paused_inference_goes_on_with_the_phrases_it_began_with():
    folder = Folder(client=CLIENT)
    table = Table(WellReadModel("nothing of the kind", beam="3,0.25"), folder)
    expected = table.texts(HALF_WRITTEN)
    paused = table.steps(HALF_WRITTEN)
    next(paused)

    folder.stream = build([("other.py", "self.session.open(now)\n" * 3)])
    newer = table.texts(HALF_WRITTEN)

    assert [candidate.text for candidate in finished(paused).candidates] == expected
    assert "close(timeout=5)" in expected
    assert "open(now)" in newer
    assert "close(timeout=5)" not in newer


def test_inferences_that_take_turns_answer_each_for_its_own_place(model):
    folder = Folder(client=CLIENT, more="self.session.refresh(now)\n" * 3, drop="registry.discard(name)\nregistry.dispose(name)\n")
    other = Context((Snippet("b.py", "registry.discard(name, quietly=True)\n"),))
    asked = [(HALF_WRITTEN, NO_CONTEXT), ("def drop(name):\n    registry.dis▮\n", other)]
    alone = [Table(model, folder).answer(*each) for each in asked]
    table = Table(model, folder)

    together = taking_turns([table.steps(*each) for each in asked])

    for one, answer in zip(alone, together, strict=True):
        assert answer.candidates[0].text == one.candidates[0].text


def test_an_inference_may_be_given_up_after_any_step(model):
    table = Table(model, Folder(client=CLIENT))
    expected = table.texts(HALF_WRITTEN)

    for n_steps in (1, 2, 5):
        steps = table.steps(HALF_WRITTEN)
        for _ in range(n_steps):
            next(steps)
        steps.close()

    assert table.texts(HALF_WRITTEN) == expected


@pytest.mark.parametrize("text", ["", "▮", "\ud800▮", "é" * 3000 + "▮" + "\t" * 3000, "(" * 3000 + "▮", "x = [\n" * 500 + "▮\r\n]\r\n"])
def test_any_text_is_answered(model, text):
    request = Request(request_at(text).snapshot, text.find("▮") if "▮" in text else 0, invoked=True)

    answer = finished(Table(model, Folder(client=CLIENT)).experts.work(request, place_of(request), Context(), SETTINGS)())

    assert all(0.0 <= candidate.probability <= 1.0 for candidate in answer.candidates)
