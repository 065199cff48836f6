"""Documentation by a model and by hand: what becomes of a sentence, and which sentences are none."""

import pytest

from recoder_lsp.config import EngineSettings, Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.engine.runtime import Runtime
from recoder_lsp.engine.scheduler import Priority
from recoder_lsp.features import documenting
from recoder_lsp.features.actions.offering import Site
from recoder_lsp.features.code_actions import finished
from recoder_lsp.features.documentation.sentence import is_copied, sentence_of
from recoder_lsp.features.edits import Refused, applied
from recoder_lsp.features.infilling import Infilling
from recoder_lsp.features.router import Served, Task
from recoder_lsp.index.syntax.parser import Parser
from recoder_lsp.metrics import Metrics
from tests.features.well_read import ReadyRuntime, WellReadModel
from tests.index.small_workspace import SmallWorkspace

SETTINGS = Settings(engine=EngineSettings(model="other.gguf"))
SERVED = Served(Task.DOCUMENT, "infill", Priority.EDIT, 64, "")
CODE = "def area(radius, unit):▮\n    return radius * radius\n"


@pytest.fixture(scope="module")
def parser():
    return Parser()


@pytest.fixture
def workspace(tmp_path, parser):
    return SmallWorkspace(tmp_path, {}, parser)


def site_of(parser, marked, language="python", path="a.py"):
    before, _, after = marked.partition("▮")
    text = before + after
    return Site(Snapshot(f"file:///work/{path}", language, text, 1), len(before), len(before), parser.tree(text, language))


def after(parser, site, change):
    return applied(site.text, finished(parser, site.snapshot, change).edits)


async def guessed(site, workspace, scheduler, model_writes, **options):
    """What is made of a document by a model that would write this, hole and all."""
    model = WellReadModel(model_writes, **options)
    infilling = Infilling(scheduler, ReadyRuntime(model))
    return await documenting.guessed(site, workspace, SETTINGS, infilling=infilling, served=SERVED), model


async def test_a_sentence_of_the_model_stands_above_a_skeleton_of_the_rest(parser, workspace, scheduler):
    site = site_of(parser, CODE)

    documented, _ = await guessed(site, workspace, scheduler, 'def area(radius, unit):\n    """measure the surface of a disc\n')

    assert documented.summary == "Measure the surface of a disc."
    assert after(parser, site, documented.change) == (
        'def area(radius, unit):\n    """Measure the surface of a disc.\n\n    Args:\n        radius: TODO\n        unit: TODO\n\n'
        '    Returns:\n        TODO\n    """\n    return radius * radius\n'
    )


async def test_in_go_it_begins_with_the_name(parser, workspace, scheduler):
    site = site_of(parser, "package a\n\nfunc Area(▮) int { return 1 }\n", "go", "a.go")

    documented, _ = await guessed(site, workspace, scheduler, "package a\n\n// Area measures the whole disc.\n")

    assert after(parser, site, documented.change) == "package a\n\n// Area measures the whole disc.\nfunc Area() int { return 1 }\n"


async def test_the_model_reads_the_body_below_its_hole(parser, workspace, scheduler):
    _, model = await guessed(site_of(parser, CODE), workspace, scheduler, 'def area(radius, unit):\n    """Measure the surface of it.\n')

    assert "return radius * radius" in model.prompts[0]
    assert model.prompts[0].endswith("unit):\n    ")


@pytest.mark.parametrize("says", ["", "x = radius * 2", "TODO", "Return return return return", "Args:"])
async def test_what_is_no_sentence_is_refused(parser, workspace, scheduler, says):
    with pytest.raises(Refused, match="nothing to say"):
        await guessed(site_of(parser, CODE), workspace, scheduler, f'def area(radius, unit):\n    """{says}\n')


async def test_a_sentence_of_another_function_is_refused(parser, workspace, scheduler):
    site = site_of(parser, CODE + '\n\ndef other():\n    """Return all of the lines of it, sorted."""\n')

    with pytest.raises(Refused, match="nothing to say"):
        await guessed(site, workspace, scheduler, 'def area(radius, unit):\n    """Return all of the lines of it.\n')


async def test_documented_code_and_secrets_are_not_guessed_at(parser, workspace, scheduler):
    with pytest.raises(Refused, match="documented already"):
        await guessed(site_of(parser, 'def f():▮\n    """Do."""\n'), workspace, scheduler, "")
    with pytest.raises(Refused, match="secrets"):
        await guessed(site_of(parser, CODE, path="secrets.env"), workspace, scheduler, "")


async def test_the_embedded_model_writes_a_sentence_or_is_refused(parser, workspace, scheduler):
    runtime = Runtime(scheduler, Metrics())
    site = site_of(parser, CODE)
    documented, reason = None, ""
    try:
        documented = await documenting.guessed(site, workspace, Settings(), infilling=Infilling(scheduler, runtime), served=SERVED)
    except Refused as refused:
        reason = refused.message
    finally:
        await runtime.close()

    if documented is None:
        assert "nothing to say" in reason
    else:
        assert documented.model == "Recoder Code 8M"
        assert documented.summary in after(parser, site, documented.change)


def test_the_embedded_model_is_not_to_be_asked():
    assert not documenting.may_guess(Settings())
    assert documenting.may_guess(SETTINGS)


async def test_a_skeleton_is_written_from_anywhere_in_the_body(parser, workspace):
    site = site_of(parser, "def area(radius):\n    return ▮radius\n")

    assert '"""TODO' in after(parser, site, await documenting.skeleton(site, workspace))


async def test_a_skeleton_completes_what_is_there(parser, workspace):
    site = site_of(parser, 'def area(radius):\n    """Measure."""\n    return ▮radius\n')

    assert "radius: TODO" in after(parser, site, await documenting.skeleton(site, workspace))


@pytest.mark.parametrize(
    ("marked", "reason"), [("x = 1▮\n", "Nothing is declared here"), ('def f():▮\n    """Do."""\n', "documented already")]
)
async def test_where_there_is_nothing_to_document_that_is_said(parser, workspace, marked, reason):
    with pytest.raises(Refused, match=reason):
        await documenting.skeleton(site_of(parser, marked), workspace)


@pytest.mark.parametrize(
    ("language", "marked", "expected"),
    [
        (
            "python",
            "class A:\n    def f(self):▮\n        pass\n",
            'class A:\n    def f(self):\n        """One.\n\n        Two.\n        """\n        pass\n',
        ),
        ("python", 'def f():\n    """Old\n    text."""\n    pas▮s\n', 'def f():\n    """One.\n\n    Two.\n    """\n    pass\n'),
        ("typescript", "class A {\n  f(▮) {}\n}\n", "class A {\n  /**\n   * One.\n   *\n   * Two.\n   */\n  f() {}\n}\n"),
        ("python", "def f():▮\n    pass\n", 'def f():\n    r"""One \\n.\n\n    Two.\n    """\n    pass\n'),
        ("rust", "/// Old.\nfn f(▮) {}\n", "/// One.\n///\n/// Two.\nfn f() {}\n"),
        ("go", "package a\n\nfunc f(▮) {}\n", "package a\n\n// One.\n//\n// Two.\nfunc f() {}\n"),
    ],
)
def test_a_text_is_put_where_documentation_belongs(parser, language, marked, expected):
    site = site_of(parser, marked, language, "a")

    text = " One \\n.\n\nTwo. \n" if "\\" in expected else " One.\n\nTwo. \n"
    assert after(parser, site, documenting.with_documentation(site, text)) == expected


def test_a_text_that_ends_with_a_quote_is_closed_below_it(parser):
    site = site_of(parser, "def f():▮\n    pass\n")

    assert after(parser, site, documenting.with_documentation(site, 'Say "x"')) == 'def f():\n    """Say "x"\n    """\n    pass\n'


@pytest.mark.parametrize(
    ("language", "code", "text"), [("python", "def f():▮\n  pass\n", 'a """ b'), ("java", "class A {\n▮}\n", "a */ b")]
)
def test_a_text_that_would_end_the_documentation_is_refused(parser, language, code, text):
    with pytest.raises(Refused, match="cannot stand"):
        documenting.with_documentation(
            site_of(parser, code.replace("▮", "").replace("f()", "f▮()").replace("A", "A▮"), language, "a"), text
        )


def test_the_code_that_is_documented_is_all_of_the_declaration(parser):
    assert documenting.code_of(site_of(parser, "x = 1\n\n\n@d\ndef f():\n    ▮pass\n")) == "@d\ndef f():\n    pass"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Parse one line\nand more", "Parse one line."),
        ('parse one line.""" x', "Parse one line."),
        ("Is it open now?", "Is it open now?"),
        ("Parse one line:", "Parse one line."),
        ("Parse lines", ""),
        ("parse(x) of the line", ""),
        ("[redacted] is the key here", ""),
        ("Parse a line of a line of a line of a line", ""),
        ("- one of many things", ""),
        ("word " * 50, ""),
    ],
)
def test_one_sentence_is_kept_of_what_a_model_says(text, expected):
    assert sentence_of(text) == expected


@pytest.mark.parametrize(
    ("sentence", "text", "expected"),
    [
        ("Parse one line.", "# parse ONE\n# line", True),
        ("Parse one line.", "parse one linear", False),
        ("Take one two three four five.", "it has one two three four five", True),
        ("Take one two three four six.", "it has one two three four five", False),
    ],
)
def test_a_sentence_that_stands_elsewhere_is_a_copy(sentence, text, expected):
    assert is_copied(sentence, text) == expected
