"""The order of Python's imports: sections as isort and ruff have them, one module a line, names sorted as the file does it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from recoder_lsp.features.actions.imports import python
from recoder_lsp.features.actions.imports.ordering import Key, Order, Unit, likeliest, lists_in, natural, with_sorted_lists
from recoder_lsp.features.actions.imports.statements import names_of
from recoder_lsp.index.syntax.tree import Node, SyntaxTree

FUTURE, STANDARD, THIRD_PARTY, FIRST_PARTY, LOCAL = range(5)

# Black's, and ruff's.
_LONGEST_LINE = 88
_ROOTS = (".git", ".hg", "pyproject.toml", "setup.py", "setup.cfg")
_MOST_FOLDERS = 12
_MODULE = re.compile(r"(?:from|import)\s+([\w.]+)")


@dataclass(frozen=True)
class _Line:
    """One import as it will stand: a statement as it was, or several of one module made into one."""

    text: str
    module: str
    is_from: bool
    section: int
    names: tuple[str, ...] = ()
    """What it takes from the module, where others of the same module may be added to it."""


def organised(tree: SyntaxTree, units: Sequence[Unit], path: str, indentation: str, step: str) -> str:
    """Return the text of a block of imports in order.

    Args:
        tree: Of the file.
        units: The imports, one below the other.
        path: The file's, to see which modules lie around it.
        indentation: What the block is indented by.
        step: One step of indentation.
    """
    sections = dict[str, int]()
    item_key = likeliest(ORDER.item_keys, [found for unit in units for found in lists_in(python.DIALECT, tree, unit.node, ORDER)])
    lines = [line for unit in units for line in _lines(tree, unit, path, item_key, sections)]
    longest = max(_LONGEST_LINE, *(len(line) for unit in units for line in unit.text.split("\n")))
    merged = list(_merged(lines, item_key, indentation, step, longest))
    key = likeliest((_plain_first, _by_module), [[line for line in lines if line.section == section] for section in range(5)])
    merged.sort(key=lambda line: (line.section, key(line)))
    separator = "\n" + indentation
    return f"\n{separator}".join(
        separator.join(line.text for line in section) for _, section in groupby(merged, key=lambda line: line.section)
    )


def has_rivals(tree: SyntaxTree, units: Sequence[Unit]) -> bool:
    """Say whether a name is given to different things, of which the last is meant: in another order it might be another one."""
    meant = dict[str, str]()
    for unit in units:
        is_plain = unit.node.type == "import_statement"
        for imported in names_of(python.DIALECT, tree, unit.node):
            what = tree.text_of(imported.node).split(" as ")[0]
            if not is_plain:
                what = f"{_module_of(tree, unit.node)}:{what}"
            elif what.split(".")[0] == imported.name:
                # `import a.b` brings a.
                what = imported.name
            if meant.setdefault(imported.name, what) != what:
                return True
    return False


def section_of(module: str, path: str) -> int:
    """Return the section of a module for a file: what lies in the file's own project is first party."""
    top = module.split(".")[0]
    if not top:
        return LOCAL
    if top == "__future__":
        return FUTURE
    if top in sys.stdlib_module_names:
        return STANDARD
    return FIRST_PARTY if any(_has_module(folder, top) for folder in _folders(path)) else THIRD_PARTY


def _folders(path: str) -> Iterator[Path]:
    """The file's folder and those around it, up to that of the project; only the first where there is no project."""
    around = list(Path(path).parents)[:_MOST_FOLDERS]
    root = next((i for i, folder in enumerate(around) if any((folder / name).exists() for name in _ROOTS)), 0)
    for folder in around[: root + 1]:
        yield from (folder, folder / "src")


def _has_module(folder: Path, name: str) -> bool:
    return (folder / name).is_dir() or (folder / f"{name}.py").is_file()


def _lines(tree: SyntaxTree, unit: Unit, path: str, item_key: Callable[[str], Key], sections: dict[str, int]) -> Iterator[_Line]:
    """What a statement becomes before others are added to it: `import a, b` is two lines."""

    def section(module: str) -> int:
        if module not in sections:
            sections[module] = section_of(module, path)
        return sections[module]

    module = "__future__" if unit.node.type == "future_import_statement" else _module_of(tree, unit.node)
    if unit.node.type == "import_statement":
        names = [tree.text_of(node) for node in python.items(unit.node)]
        if unit.has_comments or len(names) == 1:
            yield _Line(unit.text, module, False, section(module))
        else:
            yield from (_Line(f"import {name}", name.split()[0], False, section(name.split()[0])) for name in names)
        return
    if unit.has_comments:
        yield _Line(unit.text, module, True, section(module))
        return
    text = with_sorted_lists(python.DIALECT, tree, unit.node, ORDER, item_key)
    names = [tree.text_of(node) for node in python.items(unit.node)]
    can_grow = not any(" as " in name for name in names)
    yield _Line(text, module, True, section(module), tuple(names) if can_grow else ())


def _module_of(tree: SyntaxTree, statement: Node) -> str:
    module = statement.child_by_field_name("module_name")
    if module is None:
        found = _MODULE.match(tree.text_of(statement))
        return found[1] if found is not None else ""
    return re.sub(r"\s", "", tree.text_of(module))


def _merged(lines: Sequence[_Line], item_key: Callable[[str], Key], indentation: str, step: str, longest: int) -> Iterator[_Line]:
    """Statements of one module as one, and the same one only once."""
    of_module = dict[str, list[_Line]]()
    for line in lines:
        if line.names:
            of_module.setdefault(line.module, []).append(line)
    seen = set[str]()
    for line in lines:
        same = of_module.get(line.module, []) if line.names else [line]
        if line is not same[0] or line.text in seen:
            continue
        seen.add(line.text)
        if len(same) == 1:
            yield line
            continue
        names = sorted({name for each in same for name in each.names}, key=item_key)
        text = f"from {line.module} import {', '.join(names)}"
        if len(indentation) + len(text) > longest or any("\n" in each.text for each in same):
            inside = "".join(f"{indentation}{step}{name},\n" for name in names)
            text = f"from {line.module} import (\n{inside}{indentation})"
        yield _Line(text, line.module, True, line.section, tuple(names))


def _plain_first(line: _Line) -> Key:
    """isort's order: `import a` before `from a import b`."""
    return (line.is_from, *_by_module(line))


def _by_module(line: _Line) -> Key:
    """isort's order with `force_sort_within_sections`. Of relative modules the furthest come first."""
    dots = len(line.module) - len(line.module.lstrip("."))
    return (-dots, natural(line.module.lower()), line.is_from, natural(line.text.lower()))


def _by_type(name: str) -> Key:
    """isort's and ruff's order of names: constants, classes, everything else."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return (kind, natural(name.lower()), name)


def _by_letter(name: str) -> Key:
    return (natural(name.lower()), name)


def _parents(root: Node) -> Iterator[Node]:
    """The module, and what stands under conditions such as `if TYPE_CHECKING:` directly in it."""
    yield root
    for child in root.named_children:
        if child.type == "if_statement":
            yield from (block for block in child.named_children if block.type == "block")


def _stays(tree: SyntaxTree, statement: Node) -> bool:
    """A star hides names of the imports before it."""
    return any(child.type == "wildcard_import" for child in statement.children)


ORDER = Order(
    lists=frozenset({"import_from_statement", "future_import_statement"}),
    item_keys=(_by_type, _by_letter, natural),
    keys=(),
    stays=_stays,
    parents=_parents,
    units=python.STATEMENTS,
)
