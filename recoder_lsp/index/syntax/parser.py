"""Parses source text with tree-sitter and gives its outline. The only door to tree_sitter; its queries are data (languages/)."""

from __future__ import annotations

import importlib
import logging
import resource
import sys
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import tree_sitter

from recoder_lsp.index.records import Break, Kind, Outline
from recoder_lsp.index.syntax.captured import Captured, Definition, Use
from recoder_lsp.index.syntax.edits import common_prefix, common_suffix, row_and_column
from recoder_lsp.index.syntax.flaws import Block, Flaw
from recoder_lsp.index.syntax.languages import PLAIN_TEXT, Language, find_language, language_of, language_within
from recoder_lsp.index.syntax.nesting import is_endless_nesting
from recoder_lsp.index.syntax.outlining import FUNCTIONS, symbols_and_references
from recoder_lsp.index.syntax.ranges import Range, Text
from recoder_lsp.index.syntax.tree import SyntaxTree, flaws_of
from recoder_lsp.logs import log_bug

__all__ = ["LONG_SYMBOL_LINES", "OpenText", "Parser", "language_of"]

LONG_SYMBOL_LINES = 60

# An ordinary file of 1 MB takes 0.2 s. What takes longer is no code: some grammars go wrong on endless nesting, and take
# gigabytes. Small texts cannot be slow; asking for the time would cost them a tenth.
PARSE_TIMEOUT_S = 2.0
_MOST_GROWTH_BYTES = 1 << 29
_NEVER_SLOW_BYTES = 1 << 14
_PIECE_BYTES = 1 << 16
# 30 ms.
_CHEAP_TO_PARSE_BYTES = 1 << 18
# Queries take time in proportion to the square of unfinished matches (tree-sitter forgets the oldest beyond this; the
# standard library never has 64) and of the pieces that an error has left.
_MOST_UNFINISHED_MATCHES = 256
_MOST_PIECES_OF_AN_ERROR = 10_000

_DEFINES: Mapping[str, Kind | None] = MappingProxyType({"scope": None, **{f"definition.{kind}": kind for kind in Kind}})

log = logging.getLogger(__name__)


class Parser:
    """Gives outlines; loads a grammar when it is first needed. One per thread: it keeps state between calls."""

    def __init__(self, timeout_s: float = PARSE_TIMEOUT_S, *, for_outlines: bool = True) -> None:
        """Args:
        timeout_s: What takes longer to parse is given up.
        for_outlines: False where only flaws and blocks are asked for: queries, which take 20 to 350 ms a language, are left out.
        """
        self._timeout_s, self._for_outlines = timeout_s, for_outlines
        self._grammars: dict[str, _Grammar | None] = {}

    def outline(self, text: str, language: str) -> Outline:
        """What a text defines and uses. Any text and any language identifier will do; nothing is raised."""
        grammar = self._grammar(language_within(language, text))
        if grammar is None:
            return _nothing(language)
        data = text.encode("utf-8", "surrogatepass")
        return self._outline(grammar, data, self._parse(grammar, data))

    def tree(self, text: str, language: str) -> SyntaxTree | None:
        """The tree of a text, to be walked; None where there is no grammar for it, where it takes too long or is nothing but errors."""
        return OpenText(self, language, text).tree()

    def language(self, path: str, given: str, text: str) -> str:
        """The language to parse a text as: the one that the editor gives, else, where that has no symbols, what its name tells."""
        return given if self._grammar(given) is not None else language_of(path, text[:200].partition("\n")[0])

    def language_in_outline(self, language: str, text: str) -> str:
        """What `outline` would call the language."""
        grammar = self._grammar(language_within(language, text))
        return grammar.language.id if grammar is not None else _nothing(language).language

    def _grammar(self, language: str) -> _Grammar | None:
        if language not in self._grammars:
            known = find_language(language)
            self._grammars[language] = _load(known, self._for_outlines) if known else None
        return self._grammars[language]

    def _parse(self, grammar: _Grammar, data: bytes, before: tree_sitter.Tree | None = None) -> tree_sitter.Tree | None:
        """The tree, or None for what takes too long."""
        if is_endless_nesting(data):
            return None
        if len(data) <= _NEVER_SLOW_BYTES:
            return grammar.parser.parse(data, before) if before else grammar.parser.parse(data)
        deadline = time.perf_counter() + self._timeout_s
        most_memory = _peak_memory_bytes() + _MOST_GROWTH_BYTES

        def read(offset: int, _: object) -> bytes:
            return data[offset : offset + _PIECE_BYTES]

        def is_too_much(_: int, __: bool) -> bool:
            return time.perf_counter() > deadline or _peak_memory_bytes() > most_memory

        try:
            if before is None:
                return grammar.parser.parse(read, progress_callback=is_too_much)
            return grammar.parser.parse(read, before, progress_callback=is_too_much)
        except ValueError:
            # Otherwise the next parse would go on with this one.
            grammar.parser.reset()
            log.info("gave up parsing %d bytes of %s", len(data), grammar.language.id)
            return None

    def _outline(self, grammar: _Grammar, data: bytes, tree: tree_sitter.Tree | None) -> Outline:
        if tree is None or _is_in_pieces(tree.root_node):
            return _nothing(grammar.language.id, has_errors=True)
        text = Text(data)
        root = tree.root_node
        captured = grammar.captured(root)
        definitions, symbols, references = symbols_and_references(text, grammar.language, captured)
        breaks = tuple(_breaks(text, grammar, root, definitions))
        return Outline(grammar.language.id, tuple(symbols), tuple(references), breaks, root.has_error)


class OpenText:
    """A text that is being edited: keeps its tree, so that an update parses only what changed. Belongs to its parser's thread."""

    def __init__(self, parser: Parser, language: str, text: str) -> None:
        self._parser = parser
        self._language = language
        self._grammar = parser._grammar(language_within(language, text))
        self._data = text.encode("utf-8", "surrogatepass")
        self._tree = parser._parse(self._grammar, self._data) if self._grammar else None
        self._is_patched = False

    def update(self, text: str) -> None:
        """Take the text as it is now."""
        before, self._data = self._data, text.encode("utf-8", "surrogatepass")
        grammar = self._parser._grammar(language_within(self._language, text))
        if grammar is not self._grammar:
            self._grammar, self._tree = grammar, None
        if self._grammar is None or before == self._data:
            return
        if self._tree is not None:
            start = common_prefix(before, self._data)
            end = common_suffix(before, self._data, min(len(before), len(self._data)) - start)
            old_end, new_end = len(before) - end, len(self._data) - end
            points = row_and_column(before, start), row_and_column(before, old_end), row_and_column(self._data, new_end)
            self._tree.edit(start, old_end, new_end, *points)
        self._is_patched = self._tree is not None
        self._tree = self._parser._parse(self._grammar, self._data, self._tree)

    def outline(self) -> Outline:
        """The same as `Parser.outline` of the text as it is now; of long broken texts at times with other symbols around the error."""
        if self._grammar is None:
            return _nothing(self._language)
        if self._is_patched and self._tree is not None and self._tree.root_node.has_error and len(self._data) <= _CHEAP_TO_PARSE_BYTES:
            # tree-sitter's way around an error depends on what was there before: a new tree shows what is there now.
            self._tree, self._is_patched = self._parser._parse(self._grammar, self._data), False
        return self._parser._outline(self._grammar, self._data, self._tree)

    def tree(self) -> SyntaxTree | None:
        """The tree of the text as it is now, good until the next update; None as for `Parser.tree`."""
        if self._grammar is None or self._tree is None or _is_in_pieces(self._tree.root_node):
            return None
        text = self._data.decode("utf-8", "surrogatepass")
        return SyntaxTree(self._grammar.language.id, text, self._data, self._tree.root_node)

    def flaws(self, at: int = 0, inserted: bytes = b"") -> list[Flaw] | None:
        """Where the text is broken, in order, or would be with what is inserted at a byte; None where that cannot be told."""
        tree = self._with(at, inserted)
        return None if tree is None or _is_in_pieces(tree.root_node) else sorted(flaws_of(tree.root_node), key=lambda flaw: flaw.start)

    def block_around(self, place: int, at: int = 0, inserted: bytes = b"") -> Block | None:
        """The innermost block around a byte of the text, or of what it would be; None at the top of the file."""
        tree = self._with(at, inserted)
        node = tree.root_node.descendant_for_byte_range(place, place) if tree is not None else None
        blocks = self._grammar.language.blocks if self._grammar else ()
        while node is not None and node.parent is not None:
            if node.type in blocks:
                statements = [child for child in node.named_children if not child.is_extra]
                return Block(node.start_byte, node.end_byte, len(statements), node.parent.start_byte)
            node = node.parent
        return None

    def _with(self, at: int, inserted: bytes) -> tree_sitter.Tree | None:
        """The tree of the text with what is inserted; the text stays as it is."""
        if self._grammar is None or self._tree is None or not inserted:
            return self._tree
        data = self._data[:at] + inserted + self._data[at:]
        tree, end = self._tree.copy(), at + len(inserted)
        point = row_and_column(self._data, at)
        tree.edit(at, at, end, point, point, row_and_column(data, end))
        return self._parser._parse(self._grammar, data, tree)


class _Grammar:
    """A language with its parser and its compiled queries."""

    def __init__(self, language: Language, grammar: tree_sitter.Language, for_outlines: bool) -> None:
        self.language = language
        self.parser = tree_sitter.Parser(grammar)
        patterns = language.query_source() + _generic_patterns(language) if for_outlines else ""
        self._query = tree_sitter.Query(grammar, patterns)
        blocks = "".join(f"({block} (_) @statement)\n" for block in language.blocks) if for_outlines else ""
        self._statements = tree_sitter.Query(grammar, blocks) if blocks else None

    def captured(self, root: tree_sitter.Node) -> Captured:
        """Everything that the query finds."""
        cursor = tree_sitter.QueryCursor(self._query, match_limit=_MOST_UNFINISHED_MATCHES)
        captured = Captured()
        # These have no other nodes in their match and go straight to their list: they are nine of ten.
        plain = {
            "comment": captured.comments,
            "attribute": captured.attributes,
            "reference.call": captured.calls,
            "reference.type": captured.types,
        }
        # No progress callback here: tree-sitter 0.26.1 dies of one ("Segmentation fault") in queries, unlike in parsing.
        for pattern, nodes in cursor.matches(root):
            for name in nodes:
                if name in plain:
                    plain[name] += [node.byte_range for node in nodes[name]]
                elif name in _DEFINES:
                    captured.definitions += _definitions(pattern, name, nodes)
                elif name == "wrapper" or name == "local":
                    captured.regions += [Definition(node.byte_range, pattern, wrapper=name == "wrapper") for node in nodes[name]]
                elif name == "reference.import" or name == "import.tree":
                    module, alias = _range(nodes, "import.module"), _range(nodes, "import.alias")
                    captured.imports += [Use(node.byte_range, module, alias, name == "import.tree") for node in nodes[name]]
        return captured

    def statements(self, node: tree_sitter.Node, start: int, end: int, *, only_top: bool = False) -> list[Range]:
        """The statements that begin within the bytes, in order."""
        if self._statements is None:
            return []
        cursor = tree_sitter.QueryCursor(self._statements, match_limit=_MOST_UNFINISHED_MATCHES)
        cursor.set_byte_range(start, end)
        if only_top:
            cursor.set_max_start_depth(1)
        found = (each.byte_range for nodes in cursor.captures(node).values() for each in nodes)
        return sorted((each for each in found if start < each[0] < end), key=lambda each: (each[0], -each[1]))


def _load(language: Language, for_outlines: bool) -> _Grammar | None:
    if not language.grammar:
        return None
    try:
        module = importlib.import_module(language.grammar)
    except ImportError:
        log.warning("no symbols for %s: the package of %s is not installed", language.id, language.grammar)
        return None
    try:
        return _Grammar(language, tree_sitter.Language(getattr(module, language.function)()), for_outlines)
    except (AttributeError, ValueError) as error:
        # Of another version than the queries were written for.
        log_bug(log, f"no symbols for {language.id}", error)
        return None


def _generic_patterns(language: Language) -> str:
    """What languages.toml says about node types, as patterns."""
    types = {"comment": language.comments, "attribute": language.attributes, "wrapper": language.wrappers}
    return "".join(f"\n({node_type}) @{capture}" for capture, node_types in types.items() for node_type in node_types)


def _definitions(pattern: int, capture: str, nodes: dict[str, list[tree_sitter.Node]]) -> Iterator[Definition]:
    """One for each name in the match: `int a, b;` may be one match with two."""
    kind = _DEFINES[capture]
    body = nodes["body"][0].start_byte if "body" in nodes else None
    whole = nodes[capture][0].byte_range
    doc, qualifier = _range(nodes, "doc"), _range(nodes, "qualifier")
    for name in nodes.get("name", ()):
        yield Definition(whole, pattern, kind, name.byte_range, body, doc, qualifier)
    for qualified in nodes.get("qualified", ()):
        # A::b is b with the qualifier A.
        start, end = qualified.byte_range
        behind_separator = (qualified.text or b"").rfind(b"::") + 2
        yield Definition(whole, pattern, kind, (start + behind_separator, end), body, doc, (start, start + behind_separator))


def _range(nodes: dict[str, list[tree_sitter.Node]], name: str) -> Range | None:
    """From the first node of a capture to its last."""
    found = nodes.get(name)
    return (found[0].start_byte, found[-1].end_byte) if found else None


def _breaks(text: Text, grammar: _Grammar, root: tree_sitter.Node, definitions: list[Definition]) -> Iterator[Break]:
    """Where statements of long symbols begin, and those of the file itself, one for each line."""
    depths: dict[int, int] = {}
    if len(text.line_starts) > LONG_SYMBOL_LINES:
        starts = [definition.node[0] for definition in definitions]
        for child in root.named_children:
            start, end = child.byte_range
            depths.setdefault(text.line_of(start), 0)
            # A long statement that is no symbol and has none: cut inside.
            if _is_long(text, start, end) and bisect_left(starts, start) == bisect_left(starts, end):
                _add(depths, text, grammar.statements(root, start, end), 1)
    parents = {definition.parent.symbol_idx for definition in definitions if definition.parent}
    covered = 0
    for definition in definitions:
        start, end = definition.node
        if start < covered or not _is_long(text, start, end):
            continue
        depth = _depth(definition)
        if definition.kind not in FUNCTIONS and definition.symbol_idx in parents:
            whole = root.descendant_for_byte_range(start, end)
            _add(depths, text, grammar.statements(whole, start, end, only_top=True) if whole else [], depth)
        else:
            _add(depths, text, grammar.statements(root, start, end), depth)
            covered = end
    return (Break(line, depth) for line, depth in sorted(depths.items()))


def _is_in_pieces(root: tree_sitter.Node) -> bool:
    """Whether an error has thousands of pieces; where that is so, it is at the top."""
    if not root.has_error:
        return False
    outermost = [root, *(root.children if root.child_count < _MOST_PIECES_OF_AN_ERROR else ())]
    return any(node.has_error and node.child_count > _MOST_PIECES_OF_AN_ERROR for node in outermost)


def _peak_memory_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _add(depths: dict[int, int], text: Text, statements: list[Range], depth: int) -> None:
    """Note on which lines statements begin: `depth`, and one more for each statement around."""
    ends: list[int] = []
    for start, end in statements:
        while ends and ends[-1] <= start:
            ends.pop()
        depths.setdefault(text.line_of(start), depth + len(ends))
        ends.append(end)


def _is_long(text: Text, start: int, end: int) -> bool:
    return text.line_of(end) - text.line_of(start) >= LONG_SYMBOL_LINES


def _depth(definition: Definition) -> int:
    depth = 1
    outer = definition.parent
    while outer is not None:
        depth += 1
        outer = outer.parent
    return depth


def _nothing(language: str, *, has_errors: bool = False) -> Outline:
    known = find_language(language)
    return Outline(known.id if known else PLAIN_TEXT, (), (), (), has_errors)
