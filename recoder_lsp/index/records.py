"""What the index knows about source code, as frozen values: symbols, references, chunks, hits.

Offsets are bytes into the UTF-8 text of a file (for a file in another encoding: of its decoded text), lines and columns
count from 0, columns in bytes. Only ``\\n`` ends a line here; a lone ``\\r`` was replaced by one before parsing, so that
lines are the same as LSP's. Paths are relative to the indexed folder, with ``/`` between their parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a symbol is; the names are those of LSP's SymbolKind, with three of our own at the end."""

    MODULE = "module"
    NAMESPACE = "namespace"
    CLASS = "class"
    INTERFACE = "interface"
    STRUCT = "struct"
    ENUM = "enum"
    ENUM_MEMBER = "enum_member"
    FUNCTION = "function"
    METHOD = "method"
    CONSTRUCTOR = "constructor"
    PROPERTY = "property"
    FIELD = "field"
    VARIABLE = "variable"
    CONSTANT = "constant"
    TYPE = "type"
    """A type alias or another named type that is none of the above."""
    MACRO = "macro"
    HEADING = "heading"
    """A heading of a document, a table of a configuration file, a rule of a style sheet."""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a file; the end is exclusive."""

    start_byte: int
    end_byte: int
    start_line: int
    start_column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Symbol:
    """Something that a file defines."""

    kind: Kind
    name: str
    qualified_name: str
    """The name with those of what encloses it, joined by ".": "Class.method"."""
    signature: str
    """How it is declared, on one line, without its body; at most 300 characters."""
    docstring: str
    """What its author says about it, without comment marks; at most 2,000 characters, "" for nothing."""
    span: Span
    """All of it, with its documentation, decorators and attributes."""
    name_span: Span
    """Its name alone, where the editor puts the caret."""
    parent: int | None
    """Position of the enclosing symbol in the file's list; enclosing symbols come first."""


class ReferenceKind(StrEnum):
    """In which way a file uses a name."""

    CALL = "call"
    IMPORT = "import"
    TYPE = "type"
    """In a type annotation, as a base class, as an implemented interface."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that a file uses."""

    kind: ReferenceKind
    name: str
    """The last part alone: "join" for `os.path.join(...)`. For `import a.b as c` the name of what is imported: "b"."""
    line: int
    column: int
    within: int | None
    """Position of the symbol that the use stands in, in the file's list."""
    module: str = ""
    """Imports only: where from, as written ("a.b", "./util", "../x", "std::io")."""
    alias: str = ""
    """Imports only: under which name it is known in this file, where that is another."""


@dataclass(frozen=True, slots=True)
class Break:
    """A line on which a statement begins, and how deeply it is nested: where a long symbol may be cut."""

    line: int
    depth: int


@dataclass(frozen=True, slots=True)
class Outline:
    """What parsing a file gave. Broken code gives what could be understood of it."""

    language: str
    """Language identifier as LSP names it; "plaintext" where no grammar fits."""
    symbols: tuple[Symbol, ...]
    references: tuple[Reference, ...]
    breaks: tuple[Break, ...]
    """In order. Only of symbols (or files) of more than `syntax.LONG_SYMBOL_LINES` lines."""
    has_errors: bool = False


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a file that can be found: mostly one symbol. `text` is never stored, only its hash."""

    id: str
    """Stable: 32 hex digits, from path, qualified name, content hash and the repetition of all three."""
    path: str
    symbol: int | None
    """Position of its main symbol in the file's list; None for the top of a file or plain text."""
    kind: Kind | None
    name: str
    """Qualified name of the main symbol, or "" ."""
    start_byte: int
    end_byte: int
    start_line: int
    end_line: int
    """The last line that it is on (inclusive)."""
    content_hash: str
    """16 hex digits, blake2b of the UTF-8 bytes [start_byte, end_byte)."""
    text: str
    header: str
    """Repeated for a later part of a long symbol: how the symbol begins; "" elsewhere. Not part of the hash."""


@dataclass(frozen=True, slots=True)
class FileStamp:
    """By what a file is known to be unchanged."""

    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """One source file with all that the index keeps of it."""

    path: str
    language: str
    stamp: FileStamp
    """(-1, -1) for a text that was never on disk: the next reconciliation reads the file again."""
    content_hash: str
    """32 hex digits, blake2b of the UTF-8 bytes of the text."""
    n_lines: int
    symbols: tuple[Symbol, ...]
    references: tuple[Reference, ...]
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True)
class Location:
    """Where a symbol is defined, as the index knows it; verified against the text where it is shown."""

    path: str
    language: str
    symbol: Symbol
    n_references: int = 0
    """How many uses of the name the workspace has."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer to a search: a piece of a file, read just now and compared with its hash."""

    path: str
    language: str
    start_line: int
    end_line: int
    """The last line (inclusive), from 0."""
    symbol: str
    kind: str
    score: float
    why: tuple[str, ...]
    """Why it is here, in a few words each: "name", "words: parse, config", "meaning 0.61", "definition", ..."""
    text: str
