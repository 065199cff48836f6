"""Code actions at places of the standard library, drawn by a fixed seed: what is offered can be done, and does the same."""

import importlib.util
import random
import types
from pathlib import Path

import pytest

from recoder_lsp.config import Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.features.actions import extract_function, extract_variable, f_string, inline_variable, rename
from recoder_lsp.features.actions.offering import Site
from recoder_lsp.features.code_actions import Asked, CodeActions, finished
from recoder_lsp.features.edits import Edit, applied
from recoder_lsp.features.syntax_thread import SyntaxThread
from recoder_lsp.index.syntax.parser import Parser
from recoder_lsp.metrics import Metrics
from tests.features.actions.running import selections
from tests.index.small_workspace import SmallWorkspace

# Modules without state, that every supported Python has as a file, and what is asked of them.
CALLS = {
    "bisect": ["bisect([1, 2, 2, 3], 2)", "bisect_left([1, 2, 2, 3], 2)", "bisect([1], 2, -1)", "bisect([3, 1], 2, key=lambda x: -x)"],
    "colorsys": [f"{name}({c})" for name in ("rgb_to_hls", "hls_to_rgb", "rgb_to_hsv", "hsv_to_rgb") for c in ("0, 0, 0", ".9, .1, .3")],
    "difflib": [
        "list(unified_diff(['a', 'b', 'c'], ['a', 'x', 'c'], 'one', 'other'))",
        "list(ndiff(['one\\n', 'two\\n'], ['ore\\n', 'tree\\n']))",
        "SequenceMatcher(None, 'qabxcd', 'abycdf').get_opcodes()",
        "get_close_matches('appel', ['ape', 'apple', 'peach'])",
        "get_close_matches('a', [], 0)",
    ],
    "fnmatch": ["translate('[!a-z]?')", "translate('a**[')", "translate('[]a]*b')", "filter(['a.py', 'b.txt'], '*.py')"],
    "fractions": [
        "Fraction('3/4') + Fraction(0.5)",
        "Fraction('-1.5e3') // 7",
        "divmod(Fraction(7, 3), Fraction(-2, 5))",
        "Fraction('3.1415').limit_denominator(50)",
        "round(Fraction(7, 3), 1), Fraction(2, 3) ** -2, hash(Fraction(1, 3))",
        "Fraction('x')",
        "Fraction(1, 0)",
    ],
    "graphlib": [
        "list(TopologicalSorter({'a': ['b'], 'b': ['c']}).static_order())",
        "list(TopologicalSorter({'a': ['b'], 'b': ['a']}).static_order())",
    ],
    "heapq": [
        "nsmallest(2, [5, 1, 4])",
        "nlargest(9, [5, 1], key=str)",
        "list(merge([1, 4], [2], key=abs))",
        "list(merge([4], [5], reverse=1))",
    ],
    "posixpath": [
        "[normpath(path) for path in ('/a/../b', '//x/./c', '')]",
        "join('a', '/b', 'c'), split('/a/b'), splitext('.a.tar.gz'), commonpath(['/a/b', '/a/c'])",
        "relpath('/a/b/c', '/a/d')",
        "commonpath(['a', '/b'])",
    ],
    "shlex": [
        "split('a \\'b c\\' \"d\\\\\"e\" f\\\\ g')",
        'split("\'open")',
        "join(['a b', 'c'])",
        "list(shlex('a && b;c', punctuation_chars=True))",
    ],
    "textwrap": [
        "wrap('Hello  there, how are-you this day?', 10)",
        "fill('abcdefghij k', 4, initial_indent='* ', max_lines=2)",
        "dedent('  a\\n    b\\n\\n  c\\n')",
        "indent('a\\n\\nb', '> ')",
        "shorten('one two three', 9), wrap('a', 0)",
    ],
}
REFACTORINGS = (extract_variable, extract_function, inline_variable, f_string, rename)
N_OFFERED, N_RUN, LONGEST = 10, 40, 500
PARSER = Parser(for_outlines=False)


def source_of(name):
    spec = importlib.util.find_spec(name)
    # The modules that Python starts with say that they are frozen.
    path = spec.origin if spec.has_location else importlib.import_module(name).__file__
    return Path(path).read_text("utf-8")


def places(name, text, n):
    """Some expressions, names and runs of statements, always the same ones; of most runs of a long module nothing can be made."""
    found = [(start, end) for start, end in selections(PARSER.tree(text, "python")) if end - start < LONGEST]
    return random.Random(name).sample(found, min(n, len(found)))


def answers(name, text):
    """What the module, made of this text, says to what is asked of it."""
    module = types.ModuleType(name)
    exec(compile(text, name, "exec", dont_inherit=True), module.__dict__)
    return [_answer(call, module.__dict__) for call in CALLS[name]]


def _answer(call, names):
    try:
        return repr(eval(call, names))
    except Exception as error:
        return type(error).__name__, str(error)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return SmallWorkspace(tmp_path_factory.mktemp("index"), {f"{name}.py": source_of(name) for name in ("textwrap", "shlex")})


@pytest.fixture
def desk(workspace):
    """Code actions as an editor asks for them."""
    syntax, metrics = SyntaxThread(), Metrics()
    yield Desk(CodeActions(syntax, workspace, metrics), metrics)
    syntax.close()


class Desk:
    def __init__(self, actions, metrics):
        self.actions, self.metrics = actions, metrics

    async def outcomes(self, name, text, start, end, *only):
        """{id of the offer: the edits}, of all that is not disabled and that changes something by itself."""
        snapshot = Snapshot(f"file:///work/{name}.py", "python", text, 1)
        offered = await self.actions.offered(Asked(snapshot, start, end, only=only), Settings())
        assert "errors.code_action" not in self.metrics.snapshot()["counts"]
        assert len({each.offer.id for each in offered}) == len(offered)
        done = [each for each in offered if each.offer.change is not None and not each.offer.disabled]
        return {each.offer.id: (await self.actions.change_of(each)).edits for each in done}


@pytest.mark.parametrize("name", CALLS)
async def test_whatever_is_offered_can_be_done_and_undone(desk, name):
    text = source_of(name)
    for start, end in places(name, text, N_OFFERED):
        for edits in (await desk.outcomes(name, text, start, end)).values():
            after = applied(text, edits)

            compile(after, name, "exec", dont_inherit=True)
            assert applied(after, undoing(text, edits)) == text
            assert not [line for line in set(after.split("\n")) - set(text.split("\n")) if line.isspace()]


@pytest.mark.parametrize("name", CALLS)
async def test_imports_in_order_stay_in_order_and_give_the_same_names(desk, name):
    text = source_of(name)

    edits = await desk.outcomes(name, text, 0, 0, "source.organizeImports")

    after = applied(text, edits.get("import.organise", ()))
    again = await desk.outcomes(name, after, 0, 0, "source.organizeImports")
    assert applied(after, again.get("import.organise", ())) == after
    assert answers(name, after) == answers(name, text)


def undoing(text, edits):
    """The edits that take the others back."""
    moved = 0
    for edit in edits:
        start = edit.start + moved
        yield Edit(start, start + len(edit.text), text[edit.start : edit.end])
        moved += len(edit.text) - (edit.end - edit.start)


def _with_line_breaks_of_windows(text):
    return text.replace("\n", "\r\n"), lambda offset: offset + text.count("\n", 0, offset), lambda after: after.replace("\r\n", "\n")


def _with_signs_that_are_not_ascii(text):
    head = "# ü𝄞é\n\n"
    return head + text, lambda offset: offset + len(head), lambda after: after.removeprefix(head)


def _with_a_broken_end(text):
    tail = "\n\ndef broken_(:\n    x = = 1\n"
    return text + tail, lambda offset: offset, lambda after: after.removesuffix(tail)


def _without_a_line_break_at_the_end(text):
    return text.removesuffix("\n"), lambda offset: offset, lambda after: after + "\n"


@pytest.mark.parametrize(
    "varied",
    [_with_line_breaks_of_windows, _with_signs_that_are_not_ascii, _with_a_broken_end, _without_a_line_break_at_the_end],
    ids=lambda varied: varied.__name__.strip("_"),
)
@pytest.mark.parametrize("name", ["textwrap", "heapq", "graphlib"])
async def test_the_same_is_offered_and_done_in_a_text(desk, name, varied):
    text = source_of(name)
    other, moved, back = varied(text)
    for start, end in places(name, text, N_OFFERED):
        expected = {offer: applied(text, edits) for offer, edits in (await desk.outcomes(name, text, start, end)).items()}

        found = {offer: applied(other, edits) for offer, edits in (await desk.outcomes(name, other, moved(start), moved(end))).items()}

        assert {offer: back(after) for offer, after in found.items()} == expected


@pytest.mark.parametrize("name", CALLS)
def test_refactored_modules_answer_the_same(name):
    text = source_of(name)
    tree, expected, n_done = PARSER.tree(text, "python"), answers(name, text), 0
    for start, end in places(name, text, N_RUN):
        site = Site(Snapshot(f"file:///work/{name}.py", "python", text, 1), start, end, tree)
        for offer in (offer for module in REFACTORINGS for offer in module.offers(site)):
            if offer.change is not None and not offer.disabled:
                after = applied(text, finished(PARSER, site.snapshot, offer.change()).edits)
                n_done += 1

                assert answers(name, after) == expected, f"{offer.title} at {start}: {text[start:end]}"
    assert n_done > N_RUN / 10
