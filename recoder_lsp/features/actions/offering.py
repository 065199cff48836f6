"""What every code action is made of: the site that it looks at, and the offer that it makes there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from recoder_lsp.document import Snapshot
from recoder_lsp.features.edits import Change
from recoder_lsp.features.import_scan import line_break_of
from recoder_lsp.index.syntax.tree import SyntaxTree


@dataclass(frozen=True)
class Diagnostic:
    """A complaint of a compiler or linter about `text[start:end]`, as the editor knows it."""

    start: int
    end: int
    message: str
    code: str = ""
    source: str = ""


@dataclass(frozen=True)
class Site:
    """A document and what is selected in it, as offsets in code points; a caret has `start == end`. Belongs to the syntax thread."""

    snapshot: Snapshot
    start: int
    end: int
    tree: SyntaxTree
    diagnostics: tuple[Diagnostic, ...] = ()
    """Those that touch the selection."""
    indent: str | None = None
    """One step of indentation, where the editor says what it is."""

    @property
    def text(self) -> str:
        return self.snapshot.text

    @property
    def selected(self) -> str:
        return self.snapshot.text[self.start : self.end]

    @property
    def language(self) -> str:
        """As LSP names it; `tree.language` is the grammar's."""
        return self.snapshot.language

    @property
    def line_break(self) -> str:
        return line_break_of(self.snapshot.text)

    @cached_property
    def indentation(self) -> str:
        """One step of indentation: as the editor says, else as the document has it, else as is usual in its language."""
        if self.tree.language == "go":
            return "\t"
        return self.indent or _indentation_of(self.snapshot.text) or ("  " if "script" in self.language else "    ")

    def indentation_at(self, offset: int) -> str:
        """Return the white space that the line of an offset begins with."""
        start = self.text.rfind("\n", 0, offset) + 1
        line = self.text[start : start + 1_000]
        return line[: len(line) - len(line.lstrip(" \t"))]


@dataclass(frozen=True)
class Offer:
    """A code action: what it is called, and what it would do."""

    id: str
    """Which action, and of several alike which one: "import.add:os.path.join". The same at the same site, also later."""
    title: str
    kind: str
    """As LSP names kinds: "quickfix", "refactor.extract.function", "source.organizeImports"."""
    change: Callable[[], Change] | None = None
    """Works out what is to be changed, on the syntax thread. Raises Refused."""
    command: str = ""
    """The command that does it instead, for what takes its time."""
    arguments: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """What the command gets, besides the document and the range."""
    is_preferred: bool = False
    """Whether it is the obvious thing to do here."""
    disabled: str = ""
    """Why it cannot be done here, as a sentence; "" where it can."""
    fixes: tuple[int, ...] = ()
    """Which of the site's diagnostics are gone afterwards, by their position."""


def _indentation_of(text: str) -> str:
    """The step by which the first indented line of a text is deeper than the line above it; "" without any."""
    above = ""
    for line in text[:20_000].split("\n"):
        code = line.lstrip(" \t")
        # The stars of a comment stand in a column of their own.
        if not code.strip() or code.startswith("*"):
            continue
        space = line[: len(line) - len(code)]
        if space.startswith(above) and len(space) > len(above):
            step = space[len(above) :]
            if "\t" in step or len(step) in (2, 4, 8):
                return "\t" if "\t" in step else step
        above = space
    return ""
