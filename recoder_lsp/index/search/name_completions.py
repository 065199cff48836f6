"""Names of the workspace that may be meant by a few typed letters: what is near and fits best, then what is used most."""

from __future__ import annotations

import re
from collections.abc import Iterable

from recoder_lsp.index.records import Kind, Location, Reference, Symbol
from recoder_lsp.index.search.matching import fit_of
from recoder_lsp.index.search.modules import files_of_module
from recoder_lsp.index.search.nearness import (
    MEMBERS,
    OBJECT_IS_NAMED,
    OWN_OBJECT,
    in_same_folder,
    is_in_tests,
    is_module_of,
    is_whole_module,
    n_common_folders,
    resembles,
)
from recoder_lsp.index.search.related import same_family
from recoder_lsp.index.store.manifest_reading import ManifestReader
from recoder_lsp.index.words import split_identifier

# Names and definitions that are looked at for one answer; each costs some microseconds.
MOST_STARTING, MOST_ALIKE = 150, 60
MOST_CLASSES, MOST_BASES = 4, 4
SHORTEST_RECEIVER = 2
# With so few beginnings it is worth looking for humps, which takes longer.
FEW = 10

_OWNERS = frozenset({Kind.CLASS, Kind.STRUCT, Kind.INTERFACE, Kind.ENUM, Kind.MODULE, Kind.NAMESPACE})
_NAME = re.compile(r"[^\W\d]\w*")


def completions_of(
    manifest: ManifestReader, path: str, language: str, typed: str, line: int, receiver: str, limit: int
) -> list[tuple[int, Location]]:
    """Definitions with their tier (0 is the nearest), best first, one of each name; see Names.completions."""
    search = _Search(manifest, path, language, typed, line)
    found = search.members(receiver) if receiver else search.names()
    best: dict[str, tuple[tuple[int, ...], int, Location]] = {}
    for tier, location in found:
        symbol = location.symbol
        fit = fit_of(typed, symbol.name)
        if fit is None or not _can_be_typed(symbol) or not same_family(location.language, language):
            continue
        hidden = symbol.name.startswith("_") and not typed.startswith("_")
        # Of two definitions of one name the nearer one is offered, but an import must be able to reach it.
        order = (int(fit), hidden, tier, is_in_tests(location.path), -location.n_references, -n_common_folders(path, location.path))
        if symbol.name not in best or order < best[symbol.name][0]:
            best[symbol.name] = (order, tier, location)
    ranked = sorted(best.values(), key=lambda entry: (entry[0], len(entry[2].symbol.name), entry[2].symbol.name))
    return [(tier, location) for _, tier, location in ranked[:limit]]


class _Search:
    """One question to the manifest."""

    def __init__(self, manifest: ManifestReader, path: str, language: str, typed: str, line: int) -> None:
        self._manifest, self._path, self._language, self._typed, self._line = manifest, path, language, typed, line
        self._outlines: dict[str, list[Location]] = {}

    def names(self) -> Iterable[tuple[int, Location]]:
        """What can be said without a dot."""
        imports = self._manifest.imports_of(self._path)
        imported_files = self._files_of(imports)
        for location in self._starting():
            if location.symbol.kind in MEMBERS and (location.path != self._path or self._language in OBJECT_IS_NAMED):
                continue
            if location.path == self._path:
                yield (3 if location.symbol.kind in MEMBERS else 0), location
            elif location.symbol.parent is None or location.symbol.kind in _OWNERS:
                yield self._tier(location, imported_files), location

    def members(self, receiver: str) -> Iterable[tuple[int, Location]]:
        """What can be said behind a dot."""
        certain = False
        if receiver in OWN_OBJECT:
            owner = self._enclosing_class()
            if owner is not None:
                certain = True
                yield from ((0, location) for location in self._members_of([owner], with_bases=True))
        elif receiver != "?":
            imports = [use for use in self._manifest.imports_of(self._path) if receiver == (use.alias or use.name)]
            # `import numpy as np`: whatever is behind this dot, nothing else in the workspace is.
            certain = any(is_whole_module(use, self._language) for use in imports)
            for file in self._files_as_a_whole(imports):
                certain = True
                yield from ((0, location) for location in self._in_file(file) if location.symbol.parent is None)
            like = [] if certain else self._classes_like(receiver)
            for owner in like[:MOST_CLASSES]:
                is_it = owner.symbol.name == receiver
                alike = split_identifier(owner.symbol.name) == split_identifier(receiver)
                yield from ((0 if is_it else 1 if alike else 2, location) for location in self._members_of([owner], with_bases=True))
        if self._typed and not certain:
            for location in self._starting():
                if location.symbol.kind in MEMBERS:
                    yield (3 if location.path == self._path else 4), location

    def _starting(self) -> list[Location]:
        found = self._manifest.symbols_starting_with(self._typed, MOST_STARTING)
        if len(found) < FEW:
            found = [*found, *self._manifest.symbols_like(self._typed, MOST_ALIKE)]
        return found

    def _tier(self, location: Location, imported_files: frozenset[str]) -> int:
        if location.path in imported_files:
            return 1
        return 2 if in_same_folder(self._path, location.path) else 3

    def _files_of(self, imports: Iterable[Reference]) -> frozenset[str]:
        """Files of the workspace that are imported, where the module says which they are."""
        modules = dict.fromkeys(use.module for use in imports if use.module)
        return frozenset(file for module in modules for file in files_of_module(module, self._path, self._language))

    def _files_as_a_whole(self, imports: Iterable[Reference]) -> list[str]:
        """Files that a name stands for as a whole."""
        found: list[str] = []
        for use in imports:
            candidates = [use.module, f"{use.module}.{use.name}" if use.module.strip(".") else use.module + use.name]
            for module in candidates:
                for file in files_of_module(module, self._path, self._language):
                    if is_module_of(use, file, self._path, self._language) and self._is_file_named(use, file):
                        found += [file] if self._manifest.file(file) is not None else []
        return list(dict.fromkeys(found))[:1]

    def _is_file_named(self, use: Reference, file: str) -> bool:
        """Whether the name is that of the file: `from a import b` may also mean a thing inside of a."""
        if use.name == "*":
            return True
        folder, _, name = file.rpartition("/")
        stem = name.partition(".")[0]
        return use.name in (stem, folder.rpartition("/")[2] if stem in ("__init__", "index") else stem)

    def _enclosing_class(self) -> Location | None:
        inner = None
        for location in self._in_file(self._path):
            span = location.symbol.span
            if location.symbol.kind in _OWNERS and span.start_line <= self._line <= span.end_line:
                inner = location
        # Rust's `impl` and Go's receivers are no symbols: the method says what it belongs to.
        for location in self._in_file(self._path) if inner is None else ():
            span = location.symbol.span
            owner = location.symbol.qualified_name.rpartition(".")[0]
            if owner and span.start_line <= self._line <= span.end_line:
                return next(iter(self._named([owner.rpartition(".")[2]])), None)
        return inner

    def _classes_like(self, receiver: str) -> list[Location]:
        """Classes that a variable may be named after, the surest first; those of tests in tests alone."""
        if len(receiver) < SHORTEST_RECEIVER:
            return []
        parts = [part for part in re.split(r"_+", receiver) if part]
        wanted = list(dict.fromkeys([receiver.strip("_"), *parts[-1:]]))
        found = [location.symbol.name for name in wanted for location in self._manifest.symbols_like(name, MOST_ALIKE)]
        names = [name for name in dict.fromkeys([receiver, *found]) if resembles(receiver, name)]
        in_tests = is_in_tests(self._path)
        alike = [each for each in self._named(names) if in_tests or not is_in_tests(each.path)]
        known_here = {use.alias or use.name for use in self._manifest.imports_of(self._path)}

        def order(each: Location) -> tuple[bool, int, int]:
            # What the file imports or defines, then the nearer in length, the surer.
            is_known = each.symbol.name in known_here or each.path == self._path
            return (not is_known, abs(len(each.symbol.name) - len(receiver.replace("_", ""))), -each.n_references)

        return sorted(alike, key=order)

    def _members_of(self, owners: Iterable[Location], *, with_bases: bool) -> list[Location]:
        """Members of classes, and of what they are said to be based on."""
        waiting, seen, found = list(owners), set[tuple[str, str]](), list[Location]()
        while waiting and len(seen) < MOST_BASES:
            owner = waiting.pop(0)
            key = (owner.path, owner.symbol.qualified_name)
            if key in seen:
                continue
            seen.add(key)
            inside = owner.symbol.qualified_name + "."
            for location in self._in_file(owner.path):
                name = location.symbol.qualified_name
                if name.startswith(inside) and "." not in name[len(inside) :]:
                    found.append(location)
            if with_bases:
                bases = _NAME.findall(owner.symbol.signature.partition(owner.symbol.name)[2])
                waiting += [base for base in self._named(bases[:MOST_BASES]) if base.symbol.kind in _OWNERS]
        counts = self._manifest.reference_counts([location.symbol.name for location in found])
        return [Location(each.path, each.language, each.symbol, counts[each.symbol.name]) for each in found]

    def _named(self, names: list[str]) -> list[Location]:
        found = self._manifest.symbols_named(names, MOST_ALIKE)
        return [each for each in found if each.symbol.kind in _OWNERS and same_family(each.language, self._language)]

    def _in_file(self, path: str) -> list[Location]:
        if path not in self._outlines:
            file = self._manifest.file(path)
            self._outlines[path] = [Location(path, file.language, symbol) for symbol in self._manifest.outline(path)] if file else []
        return self._outlines[path]


def _can_be_typed(symbol: Symbol) -> bool:
    """Whether the name is written as it is: not headings, operators, or what a constructor is called inside of its class."""
    return symbol.kind not in (Kind.HEADING, Kind.CONSTRUCTOR) and _NAME.fullmatch(symbol.name.lstrip("#$@")) is not None
