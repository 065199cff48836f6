"""What the queries found in one file, as ranges of bytes, before it is put in order."""

from __future__ import annotations

from dataclasses import dataclass, field

from recoder_lsp.index.records import Kind
from recoder_lsp.index.syntax.ranges import Range


@dataclass(slots=True)
class Definition:
    """A node that defines something, as captured. Without a name and a kind it is a region whose variables are local."""

    node: Range
    pattern: int
    kind: Kind | None = None
    name: Range | None = None
    body_start: int | None = None
    doc: Range | None = None
    qualifier: Range | None = None
    wrapper: bool = False

    # What nesting finds out.
    parent: Definition | None = None
    qualified_name: str = ""
    symbol_idx: int | None = None
    start: int = 0
    end: int = 0
    wraps: Range | None = None


@dataclass(slots=True)
class Use:
    """A name that is used, as captured."""

    name: Range
    module: Range | None = None
    alias: Range | None = None
    is_tree: bool = False


@dataclass(slots=True)
class Captured:
    """Everything that the queries of one file gave, in any order."""

    definitions: list[Definition] = field(default_factory=list)
    regions: list[Definition] = field(default_factory=list)
    """Wrappers and local regions."""
    calls: list[Range] = field(default_factory=list)
    types: list[Range] = field(default_factory=list)
    imports: list[Use] = field(default_factory=list)
    comments: list[Range] = field(default_factory=list)
    attributes: list[Range] = field(default_factory=list)
