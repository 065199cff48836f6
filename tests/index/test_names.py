"""What the index says of names: found by a few letters, described, completed; never what is gone."""

import pytest

from recoder_lsp.index.search import names
from recoder_lsp.index.syntax.parser import Parser
from tests.index.small_workspace import SmallWorkspace

SHAPES = '''"""Shapes."""


class Shape:
    """Something with an area."""

    def area(self) -> float:
        """In square metres."""
        raise NotImplementedError


class Circle(Shape):
    """A round one."""

    radius: float = 1.0

    def area(self) -> float:
        return 3 * self.radius**2

    def circumference(self) -> float:
        return 6 * self.radius


def make_circle(radius):
    """Make one."""
    return Circle()


def run():
    pass
'''
MAIN = """from pkg.shapes import Circle as Round, make_circle
from pkg import shapes


def main():
    circle = make_circle(2)
    print(circle.area(), Round, shapes.run())
    self = 1
"""
TEST = """class Circle:
    def area(self): ...


def make_circle_for_test(): ...
"""
OTHER = """def run():
    make_circle()


def unrelated_function(): ...
"""
FILES = {
    "pkg/__init__.py": "",
    "pkg/shapes.py": SHAPES,
    "pkg/main.py": MAIN,
    "tests/test_shapes.py": TEST,
    "other/things.py": OTHER,
    "web/circle.ts": "export class Circle { area() {} }\n",
}


@pytest.fixture(scope="module")
def parser():
    return Parser()


@pytest.fixture
def workspace(tmp_path, parser):
    return SmallWorkspace(tmp_path, FILES, parser)


def found(workspace, query, **options):
    answer = workspace.answer("symbols", {"query": query, **options})
    return [(location["path"], location["symbol"]["qualified_name"]) for location in answer["symbols"]]


def described(workspace, path, line_with, word, **options):
    """Paths and lines of what a word means; `line_with` finds the line, the first time the word is in it counts."""
    lines = workspace.texts[path].split("\n")
    line = next(number for number, text in enumerate(lines) if line_with in text)
    column = lines[line].index(word)
    options = {"language": "typescript" if path.endswith(".ts") else "python", **options}
    answer = workspace.answer("describe", {"path": path, "name": word, "line": line, "column": column, **options})
    return [f"{each['path']}:{each['symbol']['qualified_name']}" for each in answer["locations"]]


def completed(workspace, path, typed, line=6, **options):
    options = {"language": "python", **options}
    answer = workspace.answer("completions", {"path": path, "typed": typed, "line": line, **options})
    return [each["location"]["symbol"]["qualified_name"] for each in answer["items"]]


def test_symbols_are_found_exact_ones_first_and_those_of_tests_last(workspace):
    assert found(workspace, "Circle")[:3] == [("pkg/shapes.py", "Circle"), ("web/circle.ts", "Circle"), ("tests/test_shapes.py", "Circle")]


@pytest.mark.parametrize("query", ["mc", "makeC", "make_c", "mkcircle", "circle", "make circle"])
def test_symbols_are_found_by_initials_parts_and_letters(workspace, query):
    assert ("pkg/shapes.py", "make_circle") in found(workspace, query)


def test_symbols_are_found_inside_of_what_is_named_before_the_dot(workspace):
    assert found(workspace, "Shape.area") == [("pkg/shapes.py", "Shape.area")]
    assert found(workspace, "Circle::radius") == [("pkg/shapes.py", "Circle.radius")]


@pytest.mark.parametrize("query", ["", "  ", "Circle.", "no_such_name_anywhere"])
def test_nothing_is_found_for_nothing(workspace, query):
    assert found(workspace, query) == []


def test_no_more_than_asked_for_and_never_more_than_200(workspace):
    workspace.index("many.py", "\n".join(f"def many_{number}(): ..." for number in range(300)))

    assert len(found(workspace, "many", limit=7)) == 7
    assert len(found(workspace, "many", limit=10_000)) == 200


def test_all_definitions_of_the_very_name_are_found(workspace):
    for number in range(30):
        workspace.index(f"same/file{number}.py", "def the_very_name(): ...\n")

    assert len(found(workspace, "the_very_name")) == 30
    assert len(found(workspace, "The_Very_Name")) == 30


def test_a_symbol_whose_name_no_longer_stands_there_is_not_found_and_its_file_is_told(workspace):
    workspace.texts["pkg/shapes.py"] = SHAPES.replace("class Circle", "class Sphere")

    assert ("pkg/shapes.py", "Circle") not in found(workspace, "Circle")
    assert workspace.stale == ["pkg/shapes.py"]


def test_a_symbol_of_a_file_that_is_gone_is_not_found(workspace):
    del workspace.texts["pkg/shapes.py"]

    assert [path for path, _ in found(workspace, "make_circle")] == ["tests/test_shapes.py"]


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 14), ("utf-16", 11), ("utf-32", 10)])
def test_columns_count_what_the_editor_counts(workspace, encoding, column):
    workspace.index("wide.ts", "'ä😀'; var Wide = 1\n")

    (location,) = workspace.answer("symbols", {"query": "Wide", "encoding": encoding})["symbols"]

    assert location["symbol"]["name_span"][3] == column


def test_secrets_are_never_found_nor_described(workspace):
    workspace.index("secrets.toml", "[tokens]\nmaster_token = 1\n")
    workspace.index(".ssh/config.py", "master_token = 1\n")

    assert found(workspace, "master_token") == []
    assert described(workspace, "pkg/main.py", "main", "main", name="master_token") == []


@pytest.mark.parametrize(
    ("line_with", "word", "options", "expected"),
    [
        ("class Circle", "Circle", {}, ["pkg/shapes.py:Circle"]),
        ("return Circle()", "Circle", {}, ["pkg/shapes.py:Circle"]),
        ("self.radius**2", "radius", {"receiver": "self"}, ["pkg/shapes.py:Circle.radius"]),
        ("def make_circle(radius)", "radius", {}, []),
    ],
)
def test_a_word_means_first_what_its_own_file_defines(workspace, line_with, word, options, expected):
    assert described(workspace, "pkg/shapes.py", line_with, word, limit=1, **options) == expected


def test_a_member_of_the_own_object_is_that_of_the_class_around(workspace):
    place = {"line": SHAPES.split("\n").index("        return 6 * self.radius"), "column": 20, "receiver": "self", "limit": 1}

    (location,) = workspace.answer("describe", {"path": "pkg/shapes.py", "language": "python", "name": "area", **place})["locations"]

    assert location["symbol"]["qualified_name"] == "Circle.area"


@pytest.mark.parametrize(
    ("line_with", "word", "options", "expected"),
    [
        ("circle = make_circle", "make_circle", {}, "pkg/shapes.py:make_circle"),
        ("print(circle", "Round", {}, "pkg/shapes.py:Circle"),
        ("print(circle", "run", {"receiver": "shapes"}, "pkg/shapes.py:run"),
        ("print(circle", "area", {"receiver": "circle"}, "pkg/shapes.py:Circle.area"),
    ],
)
def test_a_word_means_what_its_file_imports(workspace, line_with, word, options, expected):
    assert described(workspace, "pkg/main.py", line_with, word, **options)[0] == expected


def test_a_plain_word_that_nothing_brings_here_means_nothing(workspace):
    assert described(workspace, "other/things.py", "def run", "run") == ["other/things.py:run"]
    assert described(workspace, "tests/test_shapes.py", "class", "class", name="run") == []


def test_a_telling_name_is_described_though_it_is_not_imported(workspace):
    assert described(workspace, "other/things.py", "make_circle()", "make_circle") == ["pkg/shapes.py:make_circle"]


def test_words_of_comments_mean_something_only_if_they_look_like_names(workspace):
    assert described(workspace, "pkg/main.py", "make_circle(2)", "make_circle", in_code=False) != []
    assert described(workspace, "other/things.py", "make_circle()", "make", name="run") == ["other/things.py:run"]
    assert described(workspace, "other/things.py", "make_circle()", "make", name="run", in_code=False) == []


def test_only_languages_that_go_together_are_described(workspace):
    assert described(workspace, "web/circle.ts", "class", "Circle") == ["web/circle.ts:Circle"]


def test_a_definition_that_moved_is_described_where_it_is_now(workspace):
    workspace.texts["pkg/shapes.py"] = "# new\n\n" + SHAPES.replace('"""Make one."""', '"""Make another."""')

    answer = workspace.answer("describe", {"path": "pkg/main.py", "language": "python", "name": "make_circle", "line": 5, "column": 13})

    (location,) = answer["locations"]
    assert location["symbol"]["docstring"] == "Make another."
    assert location["symbol"]["name_span"][2] == SHAPES.split("\n").index("def make_circle(radius):") + 2
    assert workspace.stale == ["pkg/shapes.py"]


def test_a_definition_that_is_gone_is_not_described(workspace):
    workspace.texts["pkg/shapes.py"] = "x = 1\n"

    assert described(workspace, "pkg/main.py", "circle = make_circle", "make_circle") == []


LANGUAGES = {
    "go/tree.go": "package a\n\ntype Tree struct {\n\tHeight int\n}\n\nfunc (t *Tree) Grow() int { return t.Height }\n",
    "rust/tree.rs": "pub struct Tree { pub height: u32 }\n\nimpl Tree {\n    pub fn grow(&self) {}\n}\n",
    "rust/main.rs": "mod tree;\nuse tree::Tree;\n",
    "java/Tree.java": "class Tree {\n  int height;\n  int grow() { return height; }\n}\n",
    "cpp/tree.hpp": "class Tree {\npublic:\n  int grow();\n  int height;\n};\n",
    "php/tree.php": "<?php\nclass Tree {\n  public function grow() {}\n}\n",
    "ruby/tree.rb": "class Tree\n  def grow\n  end\nend\n",
    "kotlin/tree.kt": "class Tree {\n  fun grow(): Int = 1\n}\n",
}


@pytest.mark.parametrize(
    ("path", "language", "member"),
    [
        ("go/use.go", "go", "Grow"),
        ("rust/main.rs", "rust", "grow"),
        ("java/Use.java", "java", "grow"),
        ("cpp/use.cpp", "cpp", "grow"),
        ("php/use.php", "php", "grow"),
        ("ruby/use.rb", "ruby", "grow"),
        ("kotlin/use.kt", "kotlin", "grow"),
    ],
)
def test_members_are_known_in_every_language_that_has_them(workspace, path, language, member):
    for file, text in LANGUAGES.items():
        workspace.index(file, text)

    assert f"Tree.{member}" in completed(workspace, path, "", language=language, receiver="tree")
    answer = workspace.answer("describe", {"path": path, "language": language, "name": member, "line": 0, "column": 0, "receiver": "tree"})
    assert answer["locations"][0]["symbol"]["qualified_name"] == f"Tree.{member}"


def test_the_number_of_further_definitions_is_told(workspace):
    for number in range(5):
        workspace.index(f"more/file{number}.py", "def much_defined(): ...\n")

    answer = workspace.answer("describe", {"path": "pkg/main.py", "language": "python", "name": "much_defined", "line": 0, "column": 0})

    assert (len(answer["locations"]), answer["n_more"]) == (3, 2)


def test_completions_are_names_that_begin_so_the_near_ones_first(workspace):
    assert completed(workspace, "pkg/main.py", "mak") == ["make_circle", "make_circle_for_test"]
    assert completed(workspace, "pkg/main.py", "Cir") == ["Circle"]


def test_completions_come_by_humps_where_few_begin_so(workspace):
    assert completed(workspace, "pkg/main.py", "mc")[0] == "make_circle"


def test_without_a_dot_no_members_are_completed(workspace):
    assert "Circle.area" not in completed(workspace, "pkg/main.py", "ar")


def test_behind_a_dot_members_of_the_class_that_the_variable_is_named_after_come_first(workspace):
    assert completed(workspace, "pkg/main.py", "", receiver="circle")[:3] == ["Circle.area", "Circle.radius", "Circle.circumference"]
    assert completed(workspace, "pkg/main.py", "circ", receiver="my_circle") == ["Circle.circumference"]


def test_behind_a_dot_classes_that_the_file_imports_are_the_likelier_ones(workspace):
    for name in ("AlphaWidget", "BetaWidget", "GammaWidget", "DeltaWidget", "LongNamedWidget"):
        workspace.index(f"widgets/{name.lower()}.py", f"class {name}:\n    def of_{name.lower()}(self): ...\n")
    workspace.index("use.py", "from widgets.longnamedwidget import LongNamedWidget\n")

    assert "LongNamedWidget.of_longnamedwidget" in completed(workspace, "use.py", "", receiver="widget")


def test_behind_an_imported_module_that_is_not_of_the_workspace_nothing_is_completed(workspace):
    workspace.index("use.py", "import circle\n")

    assert completed(workspace, "use.py", "ar", receiver="circle") == []


def test_a_member_of_something_unknown_is_described_only_where_few_may_be_meant(workspace):
    assert described(workspace, "pkg/main.py", "print(circle", "area", receiver="?") == []
    assert described(workspace, "pkg/main.py", "print(circle", "area", receiver="thing") == []
    assert described(workspace, "pkg/main.py", "print(circle", "circle", name="circumference", receiver="thing") != []


def test_behind_self_members_of_the_class_around_and_its_bases_are_completed(workspace):
    workspace.index(
        "pkg/square.py", "from pkg.shapes import Shape\n\n\nclass Square(Shape):\n    side = 1\n\n    def x(self):\n        self.\n"
    )

    assert set(completed(workspace, "pkg/square.py", "", receiver="self", line=4)) == {"Square.side", "Square.x", "Shape.area"}


def test_behind_a_module_its_names_are_completed(workspace):
    assert set(completed(workspace, "pkg/main.py", "", receiver="shapes")) == {"Shape", "Circle", "make_circle", "run"}


def test_behind_an_unknown_word_members_that_begin_so_are_completed_and_nothing_without_a_letter(workspace):
    assert completed(workspace, "pkg/main.py", "circumf", receiver="thing") == ["Circle.circumference"]
    assert completed(workspace, "pkg/main.py", "", receiver="thing") == []
    assert completed(workspace, "pkg/main.py", "circumf", receiver="?") == ["Circle.circumference"]


def test_only_names_of_languages_that_go_together_are_completed(workspace):
    items = workspace.answer("completions", {"path": "web/main.ts", "language": "typescript", "typed": "Cir", "line": 0})["items"]

    assert [item["location"]["path"] for item in items] == ["web/circle.ts"]


def definition(workspace, target, name, path="pkg/main.py", language="python"):
    return workspace.answer("definition", {"path": path, "language": language, "target": target, "qualified_name": name})


def test_a_definition_says_from_which_module_others_import_it(workspace):
    assert definition(workspace, "pkg/shapes.py", "Circle")["module"] == "pkg.shapes"
    assert definition(workspace, "other/things.py", "unrelated_function")["module"] == "other.things"
    assert definition(workspace, "other/things.py", "run", path="other/more.py")["module"] == "things"

    workspace.index("pkg/__init__.py", "from .shapes import Shape\n")
    workspace.index("use.py", "from pkg import Shape\n")
    assert definition(workspace, "pkg/shapes.py", "Shape")["module"] == "pkg"


def test_members_and_the_file_itself_have_no_module(workspace):
    assert definition(workspace, "pkg/shapes.py", "Circle.area")["module"] == ""
    assert definition(workspace, "pkg/shapes.py", "Circle", path="pkg/shapes.py")["module"] == ""


@pytest.mark.parametrize(
    ("text", "exported"),
    [
        ("export class Thing {}\n", "named"),
        ("export default class Thing {}\n", "default"),
        ("export async function Thing() {}\n", "named"),
        ("export const Thing = () => 1;\n", "named"),
        ("class Thing {}\nexport { Other, Thing };\n", "named"),
        ("class Thing {}\nexport { Thing as default };\n", "default"),
        ("class Thing {}\nexport { Thing as Other };\n", ""),
        ("class Thing {}\nexport default Thing;\n", "default"),
        ("class Thing {}\nmodule.exports = { Thing, other };\n", "named"),
        ("class Thing {}\nmodule.exports = Thing;\n", "default"),
        ("class Thing {}\n", ""),
        ("// export\nclass Thing {}\n", ""),
    ],
)
def test_a_definition_says_how_javascript_exports_it(workspace, text, exported):
    workspace.index("web/thing.js", text)

    assert definition(workspace, "web/thing.js", "Thing", "web/main.js", "javascript")["exported"] == exported


def test_a_definition_that_is_gone_has_no_location(workspace):
    assert definition(workspace, "pkg/shapes.py", "Triangle")["location"] is None
    workspace.texts["pkg/shapes.py"] = ""
    assert definition(workspace, "pkg/shapes.py", "Circle")["location"] is None


def test_details_come_with_the_first_completions_where_asked_for(workspace):
    items = workspace.answer("completions", {"path": "pkg/main.py", "language": "python", "typed": "mak", "line": 0, "n_detailed": 1})[
        "items"
    ]

    assert [item["detail"] and item["detail"]["module"] for item in items] == ["pkg.shapes", None]
    assert items[0]["detail"]["location"]["symbol"]["docstring"] == "Make one."


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_the_outline_is_that_of_the_text_it_is_asked_about(workspace, line_break):
    text = "class A:\n    def f(self): ...\n".replace("\n", line_break)

    symbols = workspace.answer("outline", {"path": "pkg/shapes.py", "language": "python", "text": text})

    assert [(symbol["qualified_name"], symbol["name_span"][2]) for symbol in symbols] == [("A", 0), ("A.f", 1)]


def test_the_outline_needs_no_language_where_the_path_tells_it(workspace):
    assert [each["name"] for each in workspace.answer("outline", {"path": "/x/a.go", "language": "", "text": "func F() {}\n"})] == ["F"]
    assert workspace.answer("outline", {"path": "/x/a.unknown", "language": "strange", "text": "func F() {}\n"}) == []


def test_the_same_outline_is_worked_out_once_and_another_text_anew(workspace, monkeypatch):
    parsed = []
    monkeypatch.setattr(names, "outline_of", lambda parser, path, language, text: parsed.append(text) or [])

    def ask(text, language="python"):
        workspace.names.outline("a.py", language, text)

    for text in ("a", "a", "b", "a"):
        ask(text)
    ask("a", language="go")
    for number in range(names.REMEMBERED_OUTLINES):
        ask(f"{number}")
    ask("a")

    assert parsed == ["a", "b", "a", *(f"{number}" for number in range(names.REMEMBERED_OUTLINES)), "a"]
