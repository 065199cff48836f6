"""Adds code that somebody else wrote to a file of tests: its imports to the imports, the rest at the end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from textwrap import indent

from recoder_lsp.features.edits import Edit
from recoder_lsp.index.syntax.tree import Node, SyntaxTree

_IMPORTS = frozenset({"import_statement", "import_from_statement", "import_declaration", "use_declaration"})
# As rustfmt indents.
_STEP = "    "
_PACKAGE = re.compile(r"^package[ \t]+\w+[^\n]*\n?", re.MULTILINE)
_MAIN = re.compile(r"^if __name__\b", re.MULTILINE)


def with_code(code: SyntaxTree, tests: SyntaxTree | None) -> Iterator[Edit]:
    """Yield the edits that add code to a file of tests; to an empty one where there is none.

    Args:
        code: The new tests, with the imports that they need.
        tests: The file as it is.
    """
    if tests is None or not tests.text.strip():
        yield Edit(0, len(tests.text) if tests else 0, code.text.strip() + "\n")
        return
    module, inner = _module_of_tests(tests), _module_of_tests(code)
    if tests.language == "rust" and module is None:
        written = code.text.strip() if inner is not None else _new_module(code.text.strip())
        yield Edit(len(tests.text.rstrip()), len(tests.text), f"\n\n{written}\n")
        return
    nodes = (inner if inner is not None else code.root).named_children
    head = list(takewhile(lambda node: _is_of_head(code, node), nodes))
    # Comments behind the last import belong to what follows.
    while head and head[-1].is_extra:
        head.pop()
    known = {_plain(tests, node) for node in (module if module is not None else tests.root).named_children}
    absent = [code.text_of(node) for node in head if (node.type in _IMPORTS or _is_require(code, node)) and _plain(code, node) not in known]
    if absent:
        yield _into_imports(tests, module, absent)
    rest = _rest(code, nodes[len(head) :])
    if module is not None:
        end = tests.end(module) - 1
        yield Edit(len(tests.text[:end].rstrip()), end, f"\n\n{indent(rest, _STEP)}\n")
        return
    main = _MAIN.search(tests.text) if tests.language == "python" else None
    gap = "\n\n\n" if tests.language == "python" else "\n\n"
    if main is not None:
        yield Edit(main.start(), main.start(), f"{rest}{gap}")
    else:
        yield Edit(len(tests.text.rstrip()), len(tests.text), f"{gap}{rest}\n")


def _into_imports(tests: SyntaxTree, module: Node | None, statements: list[str]) -> Edit:
    """The edit that puts statements below the imports, else at the top."""
    around = module if module is not None else tests.root
    last = next((node for node in reversed(around.named_children) if node.type in _IMPORTS or _is_require(tests, node)), None)
    if last is not None:
        at, margin = tests.end(last), _STEP if module is not None else ""
        return Edit(at, at, "".join(f"\n{margin}{statement}" for statement in statements))
    new = "\n".join(statements)
    if module is not None:
        at = tests.start(module) + 1
        return Edit(at, at, f"\n{indent(new, _STEP)}\n")
    package = _PACKAGE.search(tests.text) if tests.language == "go" else None
    return Edit(package.end(), package.end(), f"\n{new}\n") if package is not None else Edit(0, 0, f"{new}\n\n")


def _new_module(tests: str) -> str:
    """A module of tests in Rust."""
    head = "" if "use super::" in tests else f"{_STEP}use super::*;\n\n"
    return f"#[cfg(test)]\nmod tests {{\n{head}{indent(tests, _STEP)}\n}}"


def _is_of_head(tree: SyntaxTree, node: Node) -> bool:
    """Whether a node may stand before the tests; a text alone is what a file says of itself."""
    is_text = node.type == "expression_statement" and node.named_children and node.named_children[0].type == "string"
    return node.is_extra or node.type in _IMPORTS or node.type == "package_clause" or is_text or _is_require(tree, node)


def _is_require(tree: SyntaxTree, node: Node) -> bool:
    return node.type == "lexical_declaration" and "require(" in tree.text_of(node)


def _plain(tree: SyntaxTree, node: Node) -> str:
    return re.sub(r"[\s;]+", " ", tree.text_of(node)).strip().replace("'", '"')


def _rest(tree: SyntaxTree, nodes: Sequence[Node]) -> str:
    """The text of what is left, with the comments and blank lines between, without a margin."""
    if not nodes:
        return ""
    margin = tree.text[tree.text.rfind("\n", 0, tree.start(nodes[0])) + 1 : tree.start(nodes[0])]
    lines = tree.text[tree.start(nodes[0]) : tree.end(nodes[-1])].split("\n")
    return "\n".join([lines[0], *(line.removeprefix(margin) if not margin.strip() else line for line in lines[1:])])


def _module_of_tests(tree: SyntaxTree) -> Node | None:
    """The body of Rust's module of tests."""
    for node in tree.root.named_children if tree.language == "rust" else ():
        above = node.prev_named_sibling
        if node.type == "mod_item" and above is not None and "cfg(test)" in tree.text_of(above):
            return node.child_by_field_name("body")
    return None
