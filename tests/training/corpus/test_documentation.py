"""Documentation can be taken out of a file, and nothing else goes with it."""

import ast

import pytest

from recoder_lsp.training.corpus import Document, without_documentation
from tests.training.corpus.texts import PARSER


def bare(language: str, text: str) -> str:
    return without_documentation(Document("registry:name", "file", language, text)).text


def test_docstrings_go_and_code_stays():
    assert '"""Return' not in bare("python", PARSER)
    assert "digits += character" in bare("python", PARSER)


@pytest.mark.parametrize("language", ["javascript", "typescript", "java", "rust", "c"])
def test_block_comments_go(language):
    assert bare(language, "/**\n * Adds.\n */\nadd(a, b) {\n  /* Both. */\n  return a + b\n}\n") == "add(a, b) {\n  return a + b\n}\n"


@pytest.mark.parametrize("language", ["java", "rust", "go", "c"])
def test_a_block_of_line_comments_goes_and_a_short_one_stays(language):
    code = "f() {\n  // One line.\n  g(); // Behind code.\n  h(); /* And this. */\n}\n"

    assert bare(language, "// Some text,\n// more of it.\n" + code) == code


@pytest.mark.parametrize("comment", ["/// Adds.\n", "//! A module.\n", "/// Adds.\n///\n/// # Panics\n"])
def test_documentation_of_rust_goes(comment):
    assert bare("rust", comment + "fn add() {}\n") == "fn add() {}\n"


@pytest.mark.parametrize("declaration", ["func add() {}", "type Adder struct {", "package adding", "var one = 1", "\tCount int"])
def test_documentation_of_go_goes(declaration):
    assert bare("go", f"// It adds.\n{declaration}\n") == f"{declaration}\n"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("go", "//go:build linux\n\npackage a\n"),
        ("go", "//go:noinline\nfunc f() {}\n"),
        ("go", "//go:embed a.txt\nvar a string\n"),
        ("go", '/*\n#include <a.h>\n*/\nimport "C"\n'),
        ("go", "x := `\n// raw\n// text\n`\n"),
        ("go", "x := '\"'\ny := \"// no\"\nz := '`'\n"),
        ("rust", 'let text = r#"\n// "raw\n// text\n"#;\n'),
        ("rust", "fn f<'a>(x: &'a str) -> &'a str {\n    // Why.\n    g('\"', \"/* \")\n}\n"),
        ("rust", 'let text = "two\n// lines\n// of it";\n'),
        ("java", 'String s = """\n// raw\n// text\n""";\n'),
        ("java", 'String s = "/* ";\nchar c = \'"\';\nString t = " */";\n'),
        ("c", 'const char *s = "/* \\" ";\nint c = \'"\'; /* one\n two */\nconst char *t = " */";\n'),
    ],
)
def test_what_only_looks_like_documentation_stays(language, text):
    assert bare(language, text) == text


@pytest.mark.parametrize(
    "source",
    [
        'class E(Exception):\n    """Doc."""\n\n\nx = 1\n',
        'class E(Exception):\n    """Doc."""\n\n    # No more.\n\nx = 1\n',
        'class A:\n    def f(self):\n        """Doc."""\n\n    def g(self):\n        """Doc."""\n        return 1\n',
        'def f():\n    """Doc."""\n    # Why.\n    return """a\n"""\n',
        'class E(Exception):\n    """Doc."""\n\n\ndef f():\n    """Doc."""\n    return 1\n',
        'class P(Protocol):\n    def f(self) -> int:\n        """Doc."""\n        ...\n',
        'x = {\n    "a":\n    """text"""\n}\n',
        'class E(Exception):\n    """Doc."""\n',
    ],
)
def test_python_without_documentation_is_still_python(source):
    text = bare("python", source)

    assert ast.dump(_undocumented(ast.parse(text))) == ast.dump(_undocumented(ast.parse(source)))
    assert text.count("Doc.") == sum(len(node.body) == 1 and bool(ast.get_docstring(node)) for node in _scopes(ast.parse(source)))


def _scopes(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)]


def _undocumented(tree):
    for node in _scopes(tree):
        if len(node.body) > 1 and ast.get_docstring(node):
            del node.body[0]
    return tree
