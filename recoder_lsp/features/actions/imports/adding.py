"""Where and how a file imports one more thing: by `features.imports` in Python and JavaScript, here in Go and Rust."""

from __future__ import annotations

from itertools import groupby

from recoder_lsp.features.actions.imports import go, rust
from recoder_lsp.features.actions.imports.dialects import DIALECTS
from recoder_lsp.features.actions.imports.rust_order import argument_of, by_segments
from recoder_lsp.features.actions.imports.standard_library import Source
from recoder_lsp.features.actions.imports.statements import end_of_code, statements_of
from recoder_lsp.features.edits import Edit
from recoder_lsp.features.import_scan import end_of_line
from recoder_lsp.features.imports import Target, insertion
from recoder_lsp.index.syntax.tree import Node, SyntaxTree


def addition(tree: SyntaxTree, language: str, path: str, target: Target) -> Edit | None:
    """Return the edit by which a file knows a name that means nothing there; None where it cannot be made safely.

    Args:
        tree: Of the file.
        language: As LSP names it.
        path: The file's, as in `Target.path`.
        target: What is to be imported. Go and Rust do not look at its path.
    """
    if tree.language not in ("go", "rust"):
        found = insertion(language, path, tree.text, target, is_unknown=True)
        return Edit(found.offset, found.offset, found.text) if found is not None else None
    source = Source(target.module, target.name, target.alias)
    return _in_go(tree, source) if tree.language == "go" else _in_rust(tree, source)


def _in_go(tree: SyntaxTree, source: Source) -> Edit | None:
    """Among the packages of its kind, by path; where there are none, in lines of its own, the standard library's first."""
    written = f'{source.alias} "{source.module}"' if source.alias else f'"{source.module}"'
    lists = [child for statement in statements_of(DIALECTS["go"], tree) for child in statement.named_children]
    specs = next(([spec for spec in go.items(each)] for each in lists if each.type == "import_spec_list"), [])
    if not specs:
        return _statement(tree, f"import {written}")
    same = [spec for spec in specs if _is_standard(go.path_of(tree, spec)) == _is_standard(source.module)]
    if not same:
        if _is_standard(source.module):
            start = tree.start(specs[0])
            return Edit(start, start, f"{written}\n\n\t")
        end = end_of_line(tree.text, tree.offset_at(end_of_code(specs[-1])))
        return Edit(end, end, f"\n\n\t{written}")
    later = next((spec for spec in same if go.path_of(tree, spec) > source.module), None)
    if later is not None:
        start = tree.start(later)
        return Edit(start, start, f"{written}\n\t")
    end = end_of_line(tree.text, tree.offset_at(end_of_code(same[-1])))
    return Edit(end, end, f"\n\t{written}")


def _is_standard(path: str) -> bool:
    """Whether a path is one of Go's own: others begin with the name of a host."""
    return "." not in path.split("/")[0]


def _in_rust(tree: SyntaxTree, source: Source) -> Edit | None:
    """In the list of names of the same path, or as a statement before the first that comes later."""
    path = "::".join(part for part in (source.module, source.name) if part)
    written = f"{path} as {source.alias}" if source.alias else path
    statements = [each for each in tree.root.named_children if each.type in rust.STATEMENTS and not rust.is_kept(tree, each, each)]
    for statement in statements:
        argument = statement.child_by_field_name("argument")
        listed = _list_of(tree, argument, source.module) if argument is not None else None
        if listed is not None:
            items = rust.items(listed)
            end = tree.end(items[-1])
            return Edit(end, end, f", {written.removeprefix(source.module + '::')}")
    block = _first_block(statements)
    later = next((each for each in block if by_segments(argument_of(tree, each)) > by_segments(path)), None)
    if later is not None and not _has_attribute(later):
        start = tree.start(later)
        return Edit(start, start, f"use {written};\n")
    return _statement(tree, f"use {written};", block[-1] if block else None)


def _list_of(tree: SyntaxTree, argument: Node, module: str) -> Node | None:
    """The braces of `module::{...}` on one line, without comments."""
    path, listed = argument.child_by_field_name("path"), argument.child_by_field_name("list")
    if argument.type != "scoped_use_list" or path is None or listed is None or tree.text_of(path) != module:
        return None
    is_plain = listed.start_point[0] == listed.end_point[0] and not any(child.is_extra for child in listed.children)
    return listed if is_plain and rust.items(listed) else None


def _first_block(statements: list[Node]) -> list[Node]:
    """The first statements that stand together, without a blank line between."""
    for _, together in groupby(enumerate(statements), key=lambda each: each[1].start_point[0] - each[0]):
        return [statement for _, statement in together]
    return []


def _has_attribute(statement: Node) -> bool:
    before = statement.prev_named_sibling
    return before is not None and before.type == "attribute_item"


def _statement(tree: SyntaxTree, statement: str, last: Node | None = None) -> Edit | None:
    """A statement of its own: below the last one, else below what a file begins with, else at its top."""
    last = last or next((each for each in reversed(list(statements_of(DIALECTS[tree.language], tree)))), None)
    if last is not None:
        end = end_of_line(tree.text, tree.offset_at(end_of_code(last)))
        return Edit(end, end, f"\n{statement}")
    head = [child for child in tree.root.named_children if child.type in ("package_clause", "inner_attribute_item")]
    if head:
        end = end_of_line(tree.text, tree.offset_at(end_of_code(head[-1])))
        return Edit(end, end, f"\n\n{statement}")
    start = _start_of_code(tree)
    return Edit(start, start, f"{statement}\n\n")


def _start_of_code(tree: SyntaxTree) -> int:
    """Before the first thing that is no comment about the file (in Rust `//!`), with the comments directly above it."""
    at = len(tree.text)
    for child in reversed(tree.root.named_children):
        if child.is_extra and (tree.text_of(child).startswith("//!") or tree.text.count("\n", tree.end(child), at) > 1):
            break
        at = tree.start(child)
    return at
