"""A parsed text as code may walk it: tree-sitter's nodes behind their own names, and offsets of the text instead of bytes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Protocol

from recoder_lsp.index.syntax.flaws import Flaw


class Node(Protocol):
    """What a tree-sitter node says of itself; offsets are bytes. Two nodes are equal where they are the same node of one tree."""

    @property
    def type(self) -> str: ...
    @property
    def id(self) -> int: ...
    @property
    def is_named(self) -> bool: ...
    @property
    def is_extra(self) -> bool: ...
    @property
    def is_error(self) -> bool: ...
    @property
    def is_missing(self) -> bool: ...
    @property
    def has_error(self) -> bool: ...
    @property
    def start_byte(self) -> int: ...
    @property
    def end_byte(self) -> int: ...
    @property
    def start_point(self) -> tuple[int, int]: ...
    @property
    def end_point(self) -> tuple[int, int]: ...
    @property
    def parent(self) -> Node | None: ...
    @property
    def children(self) -> Sequence[Node]: ...
    @property
    def named_children(self) -> Sequence[Node]: ...
    @property
    def next_sibling(self) -> Node | None: ...
    @property
    def prev_sibling(self) -> Node | None: ...
    @property
    def next_named_sibling(self) -> Node | None: ...
    @property
    def prev_named_sibling(self) -> Node | None: ...
    def child_by_field_name(self, name: str, /) -> Node | None: ...
    def children_by_field_name(self, name: str, /) -> Sequence[Node]: ...
    def descendant_for_byte_range(self, start: int, end: int, /) -> Node | None: ...
    def named_descendant_for_byte_range(self, start: int, end: int, /) -> Node | None: ...


class SyntaxTree:
    """The tree of one text. Belongs to the thread that parsed it; changing the text means parsing again."""

    def __init__(self, language: str, text: str, data: bytes, root: Node) -> None:
        """Args:
        language: As `languages.toml` names it: "typescript" also for a text whose editor says "typescriptreact".
        text: What was parsed.
        data: The same in UTF-8.
        root: The node of all of it.
        """
        self.language, self.text, self.data, self.root = language, text, data, root

    def start(self, node: Node) -> int:
        """Return the offset in the text, in code points, where a node begins."""
        return self.offset_at(node.start_byte)

    def end(self, node: Node) -> int:
        """Return the offset in the text, in code points, behind a node."""
        return self.offset_at(node.end_byte)

    def text_of(self, node: Node) -> str:
        """Return what the node spans."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "surrogatepass")

    def around(self, start: int, end: int) -> Node:
        """Return the smallest named node that holds `text[start:end]`."""
        first, last = self.byte_at(start), self.byte_at(end)
        return self.root.named_descendant_for_byte_range(first, last) or self.root

    def flaws(self) -> list[Flaw]:
        """Return where the text breaks its grammar, in order."""
        return sorted(flaws_of(self.root), key=lambda flaw: flaw.start)

    def offset_at(self, byte: int) -> int:
        """Return the code point that begins at a byte."""
        if self._is_ascii:
            return byte
        line = bisect_right(self._line_bytes, byte) - 1
        return self._line_offsets[line] + len(self.data[self._line_bytes[line] : byte].decode("utf-8", "surrogatepass"))

    def byte_at(self, offset: int) -> int:
        """Return the byte at which a code point begins."""
        if self._is_ascii:
            return offset
        line = bisect_right(self._line_offsets, offset) - 1
        return self._line_bytes[line] + len(self.text[self._line_offsets[line] : offset].encode("utf-8", "surrogatepass"))

    @cached_property
    def _is_ascii(self) -> bool:
        return len(self.data) == len(self.text)

    @cached_property
    def _line_bytes(self) -> list[int]:
        return [0, *accumulate(len(line) + 1 for line in self.data.split(b"\n")[:-1])]

    @cached_property
    def _line_offsets(self) -> list[int]:
        return [0, *accumulate(len(line) + 1 for line in self.text.split("\n")[:-1])]


def ancestors(node: Node) -> Iterator[Node]:
    """Yield what encloses a node, the innermost first, up to the root; not the node itself."""
    outer = node.parent
    while outer is not None:
        yield outer
        outer = outer.parent


def top_statement(node: Node) -> Node:
    """Return the outermost node around a node, or itself, that the root holds."""
    inner = node
    for outer in ancestors(node):
        if outer.parent is None:
            return inner
        inner = outer
    return inner


def descendants(node: Node) -> Iterator[Node]:
    """Yield a node and everything in it, in the order of the text."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting += reversed(found.children)


def flaws_of(root: Node) -> Iterator[Flaw]:
    """Yield where a tree breaks its grammar, the outermost places only, in no order."""
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if node.is_error or node.is_missing:
            yield Flaw(node.start_byte, node.end_byte, node.is_missing)
        elif node.has_error:
            nodes += node.children
