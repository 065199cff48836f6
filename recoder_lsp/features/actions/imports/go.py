"""Imports of Go: `import "net/http"` and blocks of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recoder_lsp.features.actions.imports.statements import Dialect
from recoder_lsp.index.syntax.tree import Node, SyntaxTree

STATEMENTS = frozenset({"import_declaration"})


def items(node: Node) -> Sequence[Node]:
    """See Dialect.items."""
    if node.type in ("import_declaration", "import_spec_list"):
        return [child for child in node.named_children if child.type in ("import_spec", "import_spec_list")]
    return ()


def name(tree: SyntaxTree, node: Node) -> str:
    """See Dialect.name. What a path's package calls itself is guessed, see `package_names`; here it is the likeliest."""
    given = node.child_by_field_name("name")
    if given is not None:
        return tree.text_of(given) if given.type == "package_identifier" else ""
    return package_names(path_of(tree, node))[0]


def path_of(tree: SyntaxTree, spec: Node) -> str:
    """Return what a spec imports, without its quotes."""
    path = spec.child_by_field_name("path")
    return tree.text_of(path)[1:-1] if path is not None else ""


def package_names(path: str) -> list[str]:
    """Return what the package of a path may call itself, the likeliest first: "yaml" for "gopkg.in/yaml.v3"."""
    parts = path.split("/")
    last = parts[-2] if len(parts) > 1 and re.fullmatch(r"v\d+", parts[-1]) else parts[-1]
    last = re.sub(r"\.v\d+$", "", last)
    words = [word for word in re.split(r"[-.]", last) if word]
    likely = [word for word in words if word not in ("go", "golang")]
    return list(dict.fromkeys([*(likely[:1] or words[:1] or [last]), *likely, *words, "".join(words), "_".join(words)]))


def is_kept(tree: SyntaxTree, statement: Node, node: Node) -> bool:
    """See Dialect.is_kept: cgo, and packages of which any name that they may have is used."""
    path = path_of(tree, node)
    if path == "C":
        return True
    names = package_names(path) if node.child_by_field_name("name") is None else []
    return any(re.search(rf"\b{re.escape(each)}\.", tree.text[tree.end(statement) :]) for each in names)


def is_use(tree: SyntaxTree, node: Node) -> bool:
    """See Dialect.is_use: a package is named before a dot."""
    return node.parent is not None and node.parent.type in ("selector_expression", "qualified_type") and node.prev_sibling is None


DIALECT = Dialect(STATEMENTS, items, name, is_kept, is_use)
