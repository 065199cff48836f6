"""Whether a change of code has added types to it and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from recoder_lsp.index.syntax.tree import Node, SyntaxTree

_OF_TYPES = frozenset({"type_annotation", "type_parameters", "type_arguments", "type_predicate_annotation", "asserts_annotation"})


def changes_only_types(before: SyntaxTree, after: SyntaxTree) -> bool:
    """Whether both do the same, as far as types say nothing of that: in Python, and in TypeScript; elsewhere that cannot be told."""
    if before.language == "python":
        return _without_annotations(before.text) == _without_annotations(after.text)
    if before.language in ("typescript", "typescriptreact"):
        return list(_words(before)) == list(_words(after))
    return True


def _without_annotations(text: str) -> str | None:
    """What Python runs; None for what it does not."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return ast.dump(_Untyped().visit(tree))


class _Untyped(ast.NodeTransformer):
    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(node.arg)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        """Without a value it only says a type."""
        self.generic_visit(node)
        return ast.Assign([node.target], node.value) if node.value is not None else ast.Pass()


def _words(tree: SyntaxTree) -> Iterator[str]:
    """The text without types and comments, word by word."""
    waiting: list[Node] = [tree.root]
    while waiting:
        node = waiting.pop()
        # A parameter that may be left out has a mark for it.
        if node.type in _OF_TYPES or node.type in ("comment", "?"):
            continue
        if node.children:
            waiting += reversed(node.children)
        else:
            yield tree.text_of(node)
