"""What else is known of one definition: who calls it, what it calls, what its body does. For the search thread, and for `describe`.

Who calls whom is told by names, as everything in the index: where several definitions share a name, or it is any word, only
those files count that import this one, name its class, or lie beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from recoder_lsp import privacy
from recoder_lsp.index.files.decoding import with_plain_breaks
from recoder_lsp.index.hashes import hash_of_chunk, hash_of_file
from recoder_lsp.index.records import Kind, Location, Reference, ReferenceKind, Symbol
from recoder_lsp.index.search.modules import may_be_module
from recoder_lsp.index.search.nearness import IMPORTS_NAME_BY_NAME, MEMBERS, in_same_folder, is_in_tests, is_telling, n_common_folders
from recoder_lsp.index.search.related import same_family
from recoder_lsp.index.search.texts import CheckedTexts
from recoder_lsp.index.store.manifest_reading import ManifestReader
from recoder_lsp.index.syntax.bodies import WITH_WAYS, Body, Todo, body_of
from recoder_lsp.index.syntax.parser import Parser
from recoder_lsp.index.syntax.tree import SyntaxTree

MOST_NEIGHBOURS = 5
MOST_USES = 300
MOST_CALLED = 40
# 10 ms of parsing; of larger files it is not known what a body does.
MOST_PARSED_BYTES = 1 << 17
# A model is told no more of a function; longer ones are not described by one.
MOST_TEXT_BYTES = 6_000
# Here a call is never one of some object's method, whose name may be any word.
_NOTHING_BUT_FUNCTIONS = frozenset({"c", "shellscript"})
_CAN_CALL = WITH_WAYS | {Kind.MACRO}
_CAN_BE_CALLED = _CAN_CALL | {Kind.CLASS, Kind.STRUCT}


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A definition that uses another one, or is used by it, and how often; with no name, the top of a file does."""

    name: str
    path: str
    line: int
    """Where its name is; for the top of a file, where it uses it."""
    n: int


@dataclass(frozen=True, slots=True)
class Facts:
    """See above. Places and names were compared with the texts as they are now."""

    callers: tuple[Neighbour, ...] = ()
    """The nearest first, MOST_NEIGHBOURS at most; of a class those who use it in any way."""
    n_callers: int = 0
    """How many there are, these included."""
    may_have_more_callers: bool = False
    """The name has more uses than were looked at."""
    callees: tuple[Neighbour, ...] = ()
    """What is called that the workspace defines, in order; MOST_NEIGHBOURS at most."""
    n_callees: int = 0
    body: Body | None = None
    text_hash: str = ""
    """Of the whole definition as it is now."""
    text: str = ""
    """The whole definition, where it is a function that nobody has documented and that is not too long."""


def facts_of(value: Any) -> Facts | None:
    """Read what came over the wire; None for nothing.

    Raises:
        ValueError: It is something else.
    """
    if value is None:
        return None
    try:
        return Facts(
            tuple(Neighbour(**each) for each in value["callers"]),
            int(value["n_callers"]),
            bool(value["may_have_more_callers"]),
            tuple(Neighbour(**each) for each in value["callees"]),
            int(value["n_callees"]),
            _body_of(value["body"]) if value["body"] is not None else None,
            str(value["text_hash"]),
            str(value["text"]),
        )
    except (KeyError, TypeError):
        raise ValueError("These are no Facts.") from None


class FactFinder:
    """Answers from a manifest, checked with the texts. For one thread."""

    def __init__(self, manifest: ManifestReader, text_of: Callable[[str], str | None], parser: Parser) -> None:
        """Args: as for `names.Names`."""
        self._manifest, self._text_of, self._parser = manifest, text_of, parser
        self._parsed: tuple[tuple[str, str], SyntaxTree | None] | None = None

    def of(self, location: Location, *, with_body: bool = True) -> tuple[Facts, set[str]]:
        """Return what is known of a definition that was just compared with its text, and the paths that are not what was indexed.

        Without its body nothing is parsed, which is most of the time that this takes.
        """
        texts = CheckedTexts(self._plain_text)
        content = texts.bytes_of(location.path)
        if content is None:
            return Facts(), set()
        symbol = location.symbol
        part = content[symbol.span.start_byte : symbol.span.end_byte]
        inside, uses = self._inside(location, content) if symbol.kind in _CAN_CALL else ({}, [])
        callers, n_callers, may_be_more = self._callers(location, inside, texts) if symbol.kind in _CAN_BE_CALLED else ((), 0, False)
        callees, n_callees = self._callees(location, inside, uses, texts) if symbol.kind in _CAN_CALL else ((), 0)
        tree = self._tree(location, content) if with_body else None
        is_undocumented = symbol.kind in WITH_WAYS and not symbol.docstring and len(part) <= MOST_TEXT_BYTES
        facts = Facts(
            callers,
            n_callers,
            may_be_more,
            callees,
            n_callees,
            body_of(tree, symbol) if tree is not None else None,
            hash_of_chunk(part),
            part.decode("utf-8", "replace") if is_undocumented else "",
        )
        return facts, texts.stale

    def _plain_text(self, path: str) -> str | None:
        text = self._text_of(path)
        return None if text is None else with_plain_breaks(text)

    def _tree(self, location: Location, content: bytes) -> SyntaxTree | None:
        """The tree of a file; that of the last one is kept, for whoever looks around in it."""
        if len(content) > MOST_PARSED_BYTES or location.symbol.kind is Kind.HEADING:
            return None
        key = (location.path, hash_of_file(content))
        if self._parsed is None or self._parsed[0] != key:
            self._parsed = key, self._parser.tree(content.decode("utf-8", "surrogatepass"), location.language)
        return self._parsed[1]

    def _inside(self, location: Location, content: bytes) -> tuple[dict[int, Symbol], list[Reference]]:
        """A definition and those inside of it that use anything, by their positions in the file, and what they use."""
        span, file = location.symbol.span, self._manifest.file(location.path)
        symbol_at: Callable[[int], Symbol | None]
        if file is not None and file.content_hash == hash_of_file(content):
            uses = self._manifest.references_between(location.path, span.start_line, span.end_line)
            symbol_at = partial(self._manifest.symbol_at, location.path)
        else:
            outline = self._parser.outline(content.decode("utf-8", "surrogatepass"), location.language)
            uses, symbol_at = list(outline.references), outline.symbols.__getitem__
        around = {use.within: symbol_at(use.within) for use in uses if use.within is not None}
        inside = {
            position: symbol
            for position, symbol in around.items()
            if symbol is not None and span.start_byte <= symbol.name_span.start_byte < span.end_byte
        }
        return inside, [use for use in uses if use.within in inside]

    # -- who uses it

    def _callers(self, location: Location, inside: Mapping[int, Symbol], texts: CheckedTexts) -> tuple[tuple[Neighbour, ...], int, bool]:
        symbol = location.symbol
        wanted = {ReferenceKind.CALL} if symbol.kind in _CAN_CALL else {ReferenceKind.CALL, ReferenceKind.TYPE}
        every = self._manifest.references_to(symbol.name, MOST_USES)
        may_mean = self._users(location, every)
        groups: dict[tuple[str, int | None], list[Reference]] = {}
        for path, use in every:
            calls_itself = path == location.path and use.within in inside
            if use.kind in wanted and may_mean(path) and not calls_itself:
                groups.setdefault((path, use.within), []).append(use)
        own = location.path
        nearest = sorted(groups, key=lambda key: (_farness(key[0], own), key[0], key[1] is None, key[1] or 0))
        shown: list[Neighbour] = []
        for path, within in nearest:
            if len(shown) == MOST_NEIGHBOURS:
                break
            caller = self._caller(path, within, groups[path, within], texts)
            if caller is not None:
                shown.append(caller)
        return tuple(shown), len(groups), len(every) == MOST_USES

    def _users(self, location: Location, uses: Iterable[tuple[str, Reference]]) -> Callable[[str], bool]:
        """Which files may mean this very definition by its name."""
        symbol, own = location.symbol, location.path
        others = self._manifest.symbols_named([symbol.name], MOST_CALLED)
        is_unique = all((each.path, each.symbol.qualified_name) == (own, symbol.qualified_name) for each in others)
        if is_unique and (is_telling(symbol.name) or location.language in _NOTHING_BUT_FUNCTIONS):
            return lambda path: not privacy.is_secret_path(path)
        module = own.rpartition("/")[2].partition(".")[0]
        imports = [(path, use) for path, use in uses if use.kind is ReferenceKind.IMPORT]
        imports += [found for name in (module, "*") for found in self._manifest.imports_of_name(name, MOST_USES)]
        near = {path for path, use in imports if may_be_module(use.module, own, path, location.language)}
        near |= {path for path, use in imports if may_be_module(f"{use.module}.{use.name}", own, path, location.language)}
        if symbol.kind in MEMBERS:
            owner = symbol.qualified_name.rpartition(".")[0].rpartition(".")[2]
            near |= {path for path, _ in self._manifest.references_to(owner, MOST_USES)} if owner else set()
        by_name = location.language in IMPORTS_NAME_BY_NAME
        # A member of another class of the same file may be meant there, too: so it is where any index goes by names.
        return lambda path: (
            (path == own or path in near or (not by_name and in_same_folder(path, own))) and not privacy.is_secret_path(path)
        )

    def _caller(self, path: str, within: int | None, uses: Sequence[Reference], texts: CheckedTexts) -> Neighbour | None:
        file = self._manifest.file(path)
        if file is None or texts.unchanged(path, file.content_hash) is None:
            return None
        if within is None:
            return Neighbour("", path, uses[0].line, len(uses))
        symbol = self._manifest.symbol_at(path, within)
        return Neighbour(symbol.qualified_name, path, symbol.name_span.start_line, len(uses)) if symbol is not None else None

    # -- what it uses

    def _callees(
        self, location: Location, inside: Mapping[int, Symbol], uses: Sequence[Reference], texts: CheckedTexts
    ) -> tuple[tuple[Neighbour, ...], int]:
        own_names = {symbol.name for symbol in inside.values()}
        called = Counter(use.name for use in uses if use.kind is ReferenceKind.CALL and use.name not in own_names)
        imports = {use.alias or use.name: use for use in self._manifest.imports_of(location.path)} if called else {}
        found: list[Neighbour] = []
        for name, n in list(called.items())[:MOST_CALLED]:
            imported = imports.get(name)
            callee = self._callee(imported.name if imported else name, imported, location)
            if callee is not None and _still_named(callee, texts):
                found.append(Neighbour(callee.symbol.qualified_name, callee.path, callee.symbol.name_span.start_line, n))
        return tuple(found[:MOST_NEIGHBOURS]), len(found)

    def _callee(self, name: str, imported: Reference | None, location: Location) -> Location | None:
        """The one definition that is meant by a name that is called; None where that is not sure."""
        candidates = [
            each
            for each in self._manifest.symbols_named([name], MOST_CALLED)
            if each.symbol.kind in _CAN_BE_CALLED
            and same_family(each.language, location.language)
            and not privacy.is_secret_path(each.path)
        ]
        own = [each for each in candidates if each.path == location.path]
        if imported is not None:
            own = [each for each in candidates if may_be_module(imported.module, each.path, location.path, location.language)]
        if own:
            return own[0] if len({each.symbol.qualified_name for each in own}) == 1 else None
        return candidates[0] if len(candidates) == 1 and is_telling(name) else None


def _farness(path: str, own: str) -> tuple[bool, bool, int]:
    return path != own, is_in_tests(path), -n_common_folders(path, own)


def _body_of(value: dict[str, Any]) -> Body:
    raises, returns, yields = (tuple(value[name]) for name in ("raises", "returns", "yields"))
    return Body(raises, returns, yields, int(value["complexity"]), tuple(Todo(**todo) for todo in value["todos"]))


def _still_named(location: Location, texts: CheckedTexts) -> bool:
    """Whether the name stands where it was."""
    content, span = texts.bytes_of(location.path), location.symbol.name_span
    if content is not None and content[span.start_byte : span.end_byte] == location.symbol.name.encode("utf-8", "surrogatepass"):
        return True
    texts.stale.add(location.path)
    return False
