"""The order of JavaScript's and TypeScript's imports: packages before files, each group of lines for itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from recoder_lsp.features.actions.imports import javascript
from recoder_lsp.features.actions.imports.ordering import Key, Order, Unit, natural
from recoder_lsp.index.syntax.tree import Node, SyntaxTree

# Prettier's.
_LONGEST_LINE = 80


def joined(tree: SyntaxTree, units: Sequence[Unit], item_key: Callable[[str], Key], step: str) -> dict[int, str]:
    """Return for the ids of nodes what stands there instead: imports of one module's names as one, "" for those that went into it."""
    same = dict[tuple[str, str], list[tuple[Unit, list[str]]]]()
    for unit in units:
        names = _names(unit.node)
        if names is not None and not unit.has_comments:
            before, after = unit.code[: unit.code.index("{")], unit.code[unit.code.rindex("}") + 1 :]
            items = [tree.text_of(item) for item in javascript.items(names)]
            same.setdefault((before, after.split(";")[0]), []).append((unit, items))
    found = dict[int, str]()
    for (before, _), several in same.items():
        if len(several) < 2:
            continue
        names_of_all = sorted({name for _, items in several for name in items}, key=item_key)
        first = several[0][0]
        text = f"{before}{{ {', '.join(names_of_all)} }}{first.code[first.code.rindex('}') + 1 :]}"
        if len(text) > _LONGEST_LINE:
            listed = "".join(f"{step}{name},\n" for name in names_of_all)
            text = f"{before}{{\n{listed}}}{first.code[first.code.rindex('}') + 1 :]}"
        found |= {unit.node.id: "" for unit, _ in several} | {first.node.id: text}
    return found


def _names(statement: Node) -> Node | None:
    """The braces of an import that has nothing else."""
    clause = next(iter(javascript.items(statement)), None)
    inside = javascript.items(clause) if clause is not None else ()
    return inside[0] if len(inside) == 1 and inside[0].type == "named_imports" else None


def _module(tree: SyntaxTree, statement: Node) -> str:
    source = statement.child_by_field_name("source")
    return tree.text_of(source)[1:-1] if source is not None else ""


def _packages_first(tree: SyntaxTree, statement: Node) -> Key:
    """tsserver's order."""
    module = _module(tree, statement)
    return (module.startswith("."), natural(module.lower()), module)


def _node_first(tree: SyntaxTree, statement: Node) -> Key:
    module = _module(tree, statement)
    return (not module.startswith("node:"), *_packages_first(tree, statement))


def _by_letter_alone(tree: SyntaxTree, statement: Node) -> Key:
    module = _module(tree, statement)
    return (natural(module.lower()), module)


def _by_name(item: str) -> Key:
    name = item.removeprefix("type ")
    return (natural(name.lower()), name)


def _capitals_first(item: str) -> Key:
    return natural(item.removeprefix("type "))


def _stays(tree: SyntaxTree, statement: Node) -> bool:
    """A module that is run for its effects, and TypeScript's `import a = require("b")`."""
    return not any(child.type == "import_clause" for child in statement.children)


ORDER = Order(
    lists=frozenset({"named_imports"}),
    item_keys=(_by_name, _capitals_first),
    keys=(_packages_first, _node_first, _by_letter_alone),
    stays=_stays,
    parents=lambda root: (root,),
    units=javascript.STATEMENTS,
)
