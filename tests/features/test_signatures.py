"""The parameters of what is being called, at ▮."""

import pytest

from recoder_lsp.document import Snapshot
from recoder_lsp.features.signatures import LONGEST_TEXT, call_at, parameters_of, signatures
from recoder_lsp.index.syntax.parser import Parser
from tests.index.small_workspace import SmallWorkspace

SHAPES = '''def scaled(shape, factor: float = 1.0, *more, by=None):
    """Larger or smaller."""


class Circle:
    def __init__(self, radius: int, centre: tuple[int, int] = (0, 0)): ...

    def area(self): ...
'''
FILES = {
    "shapes.py": SHAPES,
    "main.py": "from shapes import Circle, scaled\n",
    "web/shapes.ts": "export function draw(a: Map<string, number>, done: (x: number) => void) {}\n",
    "web/main.ts": "import { draw } from './shapes';\n",
    "go/a.go": 'package a\n\nfunc Join(parts []string, rest ...int) (string, error) { return "", nil }\n',
}


@pytest.fixture(scope="module")
def parser():
    return Parser()


@pytest.fixture
def workspace(tmp_path, parser):
    return SmallWorkspace(tmp_path, FILES, parser)


async def shown(workspace, text, path="main.py", language="python"):
    before, _, after = (FILES.get(path, "") + text).partition("▮")
    return await signatures(workspace, Snapshot(f"file:///work/{path}", language, before + after, 1), len(before))


async def active(workspace, text, path="main.py", language="python"):
    """The parameter that is being written."""
    (found,) = await shown(workspace, text, path, language)
    return found.label[slice(*found.parameters[found.active])] if found.active is not None else None


def called(text, language="python"):
    before, _, after = text.partition("▮")
    call = call_at(before + after, len(before), language)
    return call and (call.callee.text, call.callee.receiver, call.n_before)


async def test_it_is_shown_as_it_is_declared_with_its_documentation(workspace):
    (found,) = await shown(workspace, "scaled(▮)\n")

    assert found.label == "def scaled(shape, factor: float = 1.0, *more, by=None)"
    assert found.documentation == "Larger or smaller."
    assert [found.label[start:end] for start, end in found.parameters] == ["shape", "factor: float = 1.0", "*more", "by=None"]


@pytest.mark.parametrize(
    ("text", "parameter"),
    [
        ("scaled(▮", "shape"),
        ("scaled(a▮)", "shape"),
        ("scaled(a, ▮)", "factor: float = 1.0"),
        ("scaled(f(1, 2), [3, 4], ▮)", "*more"),
        ("scaled(a, by=▮)", "by=None"),
        ("scaled(a, 'x, y', ▮)", "*more"),
        ("scaled(a, 'x, ▮y')", "factor: float = 1.0"),
        ("scaled(\n    a,\n    ▮\n)", "factor: float = 1.0"),
        ("Circle(▮", "radius: int"),
        ("Circle(1, (2, ▮3))", "centre: tuple[int, int] = (0, 0)"),
        ("Circle(1, 2, ▮)", None),
    ],
)
async def test_the_parameter_that_is_being_written_is_known(workspace, text, parameter):
    assert await active(workspace, text) == parameter


async def test_a_callback_and_type_arguments_are_one_parameter_each(workspace):
    assert await active(workspace, "draw(x, ▮)", "web/main.ts", "typescript") == "done: (x: number) => void"


async def test_what_takes_the_rest_is_the_last_parameter_however_many_there_are(workspace):
    assert await active(workspace, "package a\n\nfunc f() { Join(a, 1, 2, ▮) }", "go/b.go", "go") == "rest ...int"


@pytest.mark.parametrize("text", ["▮", "scaled(a)▮", "unknown(▮)", "x = (▮", "# scaled(▮", "def scaled(▮"])
async def test_elsewhere_nothing_is_shown(workspace, text):
    assert await shown(workspace, text) == ()


async def test_a_file_that_holds_secrets_gets_nothing(workspace):
    assert await shown(workspace, "from shapes import scaled\nscaled(▮)", "secrets.toml") == ()
    assert workspace.asked == []


@pytest.mark.parametrize(
    ("text", "language", "call"),
    [
        ("f(g(a, b), ▮", "python", ("f", "", 1)),
        ("f(g(a, ▮", "python", ("g", "", 1)),
        ("f([a, ▮", "python", ("f", "", 0)),
        ("f(a, {b: 1, c: ▮", "javascript", ("f", "", 1)),
        ("f(a, (▮", "python", ("f", "", 1)),
        ("x.f(▮", "python", ("f", "x", 0)),
        ("a::f(▮", "rust", ("f", "a", 0)),
        ("format!(▮", "rust", ("format", "", 0)),
        ("f('it\\'s, ', ▮", "python", ("f", "", 1)),
        ("f(() => { a; ▮", "javascript", None),
        ("f(function () { ▮", "javascript", None),
        ("f(a); ▮", "javascript", None),
        ("function f(▮", "javascript", None),
        ("func (r *T) f(▮", "go", None),
        ("fn f(▮", "rust", None),
        ("f(1)(▮", "python", None),
        ("1(▮", "python", None),
        ('"""f(▮', "python", None),
    ],
)
def test_the_innermost_call_around_is_found(text, language, call):
    assert called(text, language) == call


async def test_a_text_of_which_one_cannot_quickly_tell_what_is_code_gets_nothing(workspace):
    assert await shown(workspace, "#" * LONGEST_TEXT + "\nscaled(▮)") == ()
    assert workspace.asked == []


def test_a_call_that_began_far_up_is_not_looked_for():
    assert called("f(" + "a, " * 5_000 + "▮") is None


@pytest.mark.parametrize(
    ("signature", "name", "parameters"),
    [
        ("def f()", "f", []),
        ("def f(self, a, *, b: dict[str, int] = {}, **rest) -> int", "f", ["a", "b: dict[str, int] = {}", "**rest"]),
        ("fn f(&mut self, a: Vec<(u8, u8)>) -> u8", "f", ["a: Vec<(u8, u8)>"]),
        ("func (r *T) Get(key string, n int) (int, error)", "Get", ["key string", "n int"]),
        ("const f = (a, b = (1, 2)) => a", "f", ["a", "b = (1, 2)"]),
        ("def f(a, b", "f", ["a"]),
        ("class A", "A", []),
    ],
)
def test_parameters_are_told_apart(signature, name, parameters):
    assert [signature[start:end] for start, end in parameters_of(signature, name)] == parameters
