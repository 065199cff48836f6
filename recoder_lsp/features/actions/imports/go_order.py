"""The order of Go's imports: gofmt's, within each group of lines by path."""

from __future__ import annotations

from collections.abc import Iterator

from recoder_lsp.features.actions.imports import go
from recoder_lsp.features.actions.imports.ordering import Key, Order
from recoder_lsp.index.syntax.tree import Node, SyntaxTree


def _by_path(tree: SyntaxTree, spec: Node) -> Key:
    return (go.path_of(tree, spec), tree.text_of(spec))


def _parents(root: Node) -> Iterator[Node]:
    for declaration in root.named_children:
        if declaration.type == "import_declaration":
            yield from (child for child in declaration.named_children if child.type == "import_spec_list")


def _stays(tree: SyntaxTree, spec: Node) -> bool:
    """The comment above `import "C"` is code."""
    return go.path_of(tree, spec) == "C"


ORDER = Order(lists=frozenset(), item_keys=(str,), keys=(_by_path,), stays=_stays, parents=_parents, units=frozenset({"import_spec"}))
