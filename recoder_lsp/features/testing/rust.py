"""Skeletons of tests in Rust, in the module `tests` of the same file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoder_lsp.features.actions.naming import free_name
from recoder_lsp.features.declarations.declared import Declaration
from recoder_lsp.features.edits import Edit
from recoder_lsp.features.testing.layout import UNFINISHED
from recoder_lsp.features.testing.naming import snake_case, unused_name
from recoder_lsp.index.syntax.tree import Node, SyntaxTree

# No generic type, no tuple, no reference.
_PLAIN_TYPE = re.compile(r"(?:\w+(?:::\w+)*)?")


def is_testable(tree: SyntaxTree, declaration: Declaration) -> bool:
    """Whether a test can call it: a function at the top of a file, or one of a type that is not generic."""
    if (
        declaration.kind != "function"
        or declaration.body is None
        or declaration.name == "main"
        or not _PLAIN_TYPE.fullmatch(declaration.owner)
    ):
        return False
    if declaration.is_async and "tokio" not in tree.text:
        return False
    block = declaration.node.parent
    if block is not None and block.type == "declaration_list" and block.parent is not None and block.parent.type == "impl_item":
        block = block.parent.parent
    attributes = [above for above in _attributes(declaration.node) if "test" in tree.text_of(above)]
    return block is not None and block.type == "source_file" and not attributes


def rust_test(tree: SyntaxTree, declaration: Declaration, step: str) -> tuple[Edit, ...]:
    """Return what to insert into the file for it to have a test that calls the declaration and fails; `step` is one of indentation."""
    module = next((node for node in tree.root.named_children if _is_of_tests(tree, node)), None)
    body = module.child_by_field_name("body") if module is not None else None
    taken = re.findall(r"\bfn (\w+)", tree.text_of(body)) if body is not None else []
    subject = f"{snake_case(declaration.owner.rpartition('::')[2])}_{declaration.name}" if declaration.owner else declaration.name
    lines = list(_test(tree, declaration, unused_name(f"test_{subject}", taken), step))
    test = "\n".join(f"{step}{line}".rstrip() for line in lines)
    if body is not None:
        # Before the brace that closes the module.
        end = tree.end(body) - 1
        at = len(tree.text[:end].rstrip())
        gap = "\n" if tree.text[:at].endswith("{") else "\n\n"
        return (Edit(at, end, f"{gap}{test}\n"),)
    at = len(tree.text.rstrip())
    return (Edit(at, len(tree.text), f"\n\n#[cfg(test)]\nmod tests {{\n{step}use super::*;\n\n{test}\n}}\n"),)


def _test(tree: SyntaxTree, declaration: Declaration, name: str, step: str) -> Iterator[str]:
    """The lines of a test. `todo!` stands for a value of any type, and fails."""
    yield "#[tokio::test]" if declaration.is_async else "#[test]"
    yield f"{'async ' if declaration.is_async else ''}fn {name}() {{"
    called = f"{declaration.owner}::{declaration.name}" if declaration.owner else declaration.name
    if not declaration.is_static:
        instance = free_name(snake_case(declaration.owner.rpartition("::")[2]), "", "rust")
        own = declaration.node.child_by_field_name("parameters")
        is_mutable = own is not None and "mut" in tree.text_of(own.named_children[0])
        yield f'{step}let {"mut " if is_mutable else ""}{instance}: {declaration.owner} = todo!("make one");'
        called = f"{instance}.{declaration.name}"
    arguments = ", ".join(f'todo!("{each.name}")' for each in declaration.parameters)
    call = f"{called}({arguments})" + (".await" if declaration.is_async else "")
    yield f"{step}let _result = {call};" if declaration.returns else f"{step}{call};"
    yield ""
    yield f'{step}todo!("{UNFINISHED.removeprefix("TODO: ")}");'
    yield "}"


def _is_of_tests(tree: SyntaxTree, node: Node) -> bool:
    return node.type == "mod_item" and any("cfg(test)" in tree.text_of(above) for above in _attributes(node))


def _attributes(node: Node) -> Iterator[Node]:
    while (above := node.prev_named_sibling) is not None and above.type in ("attribute_item", "line_comment", "block_comment"):
        if above.type == "attribute_item":
            yield above
        node = above
