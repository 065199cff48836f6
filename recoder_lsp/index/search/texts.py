"""Texts as they are now, compared with what was indexed: nothing that has changed since is ever quoted."""

from __future__ import annotations

from collections.abc import Callable

from recoder_lsp.index.hashes import hash_of_chunk, hash_of_file
from recoder_lsp.index.store.manifest_reading import StoredChunk


class CheckedTexts:
    """The files that one answer needs, each read once; remembers those that are not what was indexed."""

    def __init__(self, text_of: Callable[[str], str | None]) -> None:
        """Args: `text_of` gives the text of a file or open buffer, None when there is none any more."""
        self._text_of = text_of
        self._contents: dict[str, bytes | None] = {}
        self._hashes: dict[str, str] = {}
        self._lines: dict[str, list[bytes]] = {}
        self.stale: set[str] = set()

    def bytes_of(self, path: str) -> bytes | None:
        """The text of a file in UTF-8, None if it is gone."""
        if path not in self._contents:
            text = self._text_of(path)
            self._contents[path] = None if text is None else text.encode("utf-8", "surrogatepass")
        return self._contents[path]

    def line(self, path: str, number: int) -> bytes | None:
        """A line of a file in UTF-8, without its end; None where there is no such line any more."""
        if path not in self._lines:
            content = self.bytes_of(path)
            self._lines[path] = [] if content is None else content.split(b"\n")
        lines = self._lines[path]
        return lines[number] if number < len(lines) else None

    def unchanged(self, path: str, content_hash: str) -> bytes | None:
        """The file in UTF-8, if all of it is what was indexed with this hash."""
        content = self.bytes_of(path)
        if content is not None and path not in self._hashes:
            self._hashes[path] = hash_of_file(content)
        if content is None or self._hashes[path] != content_hash:
            self.stale.add(path)
            return None
        return content

    def checked(self, chunk: StoredChunk) -> str | None:
        """The chunk's text, if that is still what the file says there, on the same lines."""
        content = self.bytes_of(chunk.path)
        piece = b"" if content is None else content[chunk.start_byte : chunk.end_byte]
        if content is None or hash_of_chunk(piece) != chunk.content_hash or content.count(b"\n", 0, chunk.start_byte) != chunk.start_line:
            self.stale.add(chunk.path)
            return None
        return piece.decode("utf-8")
