"""Ghost text checked in its place: what would break the document is trimmed or dropped; where a block opens, and where it ends."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from recoder_lsp.engine import cleaning
from recoder_lsp.engine.fim import Place
from recoder_lsp.features.unfinished import closing_words, may_be_header, opener_of_body, possible_ends, probes
from recoder_lsp.index.syntax.flaws import Flaw, added
from recoder_lsp.index.syntax.parser import OpenText, Parser

# 1 ms for each 10,000 characters when a document is first seen; after that, a tenth of it for each look.
_MOST_CHARACTERS = 200_000
_PARSE_TIMEOUT_S = 0.05
_MOST_TRIMMED_LINES = 8
_COMMENT = re.compile(r"\s*(?:#|//|/\*|\*|--|\Z)")


@dataclass(frozen=True)
class Checked:
    """What is left of an insertion."""

    text: str | None
    """None where nothing of it may be shown."""
    new_errors: int
    """How many errors of syntax the whole insertion would add."""
    trimmed: bool
    seconds: float


class Checker:
    """Knows the tree of the document that was looked at last. Belongs to one thread: that of the engine."""

    def __init__(self) -> None:
        self._parser = Parser(_PARSE_TIMEOUT_S, for_outlines=False)
        self._language = ""
        self._open: OpenText | None = None
        self._above, self._below = b"", b""
        self._flaws: list[Flaw] | None = None

    def check(self, text_before: str, insertion: str, text_after: str, language: str, deadline: float) -> Checked:
        r"""Keep what of an insertion breaks nothing: all of it, or its first lines.

        A line that is still being written is broken too. What counts is that the insertion's lines make no error in a
        document which has none without the caret's line; lines that only wait for more make none either.

        Args:
            text_before: The document up to the insertion, or a large part; line ends are \n.
            insertion: Of one line or several.
            text_after: The document behind the insertion, without what that replaces.
            language: Its language identifier; where that has no grammar, everything passes.
            deadline: By `time.monotonic()`; what is not judged until then passes.
        """
        began = time.monotonic()
        above, line_break, line_prefix = text_before.rpartition("\n")
        rest = text_after.partition("\n")[0]
        self._turn_to(above + line_break, text_after[len(rest) :], language)
        text = self._within_block(line_prefix, insertion) if "\n" in insertion else insertion
        n_errors = self._n_errors(line_prefix, text, rest, deadline)
        kept: str | None = text
        if n_errors:
            shorter = (each for each in _shortened(text) if time.monotonic() < deadline)
            kept = next((each for each in shorter if not self._n_errors(line_prefix, each, rest, deadline)), None)
        return Checked(kept, n_errors, kept is not None and kept != insertion, time.monotonic() - began)

    def opens_block(self, place: Place) -> bool:
        """Say whether a block's first statement is wanted at the caret: its header is complete, and its body empty.

        By the tree; by the look of the lines where there is no grammar, or where the document is broken around the caret.
        """
        opener = place.last_line
        if place.rest_of_line.strip() or not may_be_header(opener, place.language):
            return False
        self._turn_to(place.prefix.rstrip(), place.suffix, place.language)
        outer = cleaning.block_indentation(place)
        own = place.line_prefix if not place.line_prefix.strip() else ""
        indentation = own if len(own) > len(outer) else outer + "    "
        # A block that is not closed yet goes on to the end of the file. Closed, it breaks what is there already if that closes it.
        ends = ("", *(f"\n{outer}{word}" for word in closing_words(opener, place.language)))
        flaws, lines = self._soundest(f"\n{indentation}{probe}{end}" for probe in probes(place.language) for end in ends)
        if not lines or self._are_around(flaws, len(lines.encode())) or _is_of_switch(opener, place.language):
            return cleaning.opens_block(place)
        return self._is_body(len(indentation) + 1, lines, opener)

    def _turn_to(self, above: str, below: str, language: str) -> None:
        """Be the document without the lines that are tried between its two parts."""
        before, after = above.encode("utf-8", "surrogatepass"), below.encode("utf-8", "surrogatepass")
        if (before, after, language) == (self._above, self._below, self._language):
            return
        if len(above) + len(below) > _MOST_CHARACTERS:
            self._open = None
        elif self._open is None or language != self._language:
            self._open = OpenText(self._parser, language, above + below)
        else:
            self._open.update(above + below)
        self._above, self._below, self._language = before, after, language
        self._flaws = self._open.flaws() if self._open is not None else None

    def _flaws_with(self, lines: str) -> list[Flaw] | None:
        return self._open.flaws(len(self._above), lines.encode("utf-8", "surrogatepass")) if self._open is not None else None

    def _soundest(self, tried: Iterable[str]) -> tuple[list[Flaw], str]:
        """Return the first lines that break nothing, or those that break least, with all that is broken then."""
        found: tuple[list[Flaw], str] | None = None
        for lines in tried:
            flaws = self._flaws_with(lines)
            if flaws is not None and (found is None or len(flaws) < len(found[0])):
                found = flaws, lines
            if not flaws:
                break
        return found or ([], "")

    def _are_around(self, flaws: list[Flaw], n_bytes: int = 0) -> bool:
        """Say whether the document is broken where so many bytes were inserted, or lacks something from there on."""
        start, end = len(self._above), len(self._above) + n_bytes

        def reaches(flaw: Flaw) -> bool:
            return flaw.end >= start or not self._above[flaw.end :].strip()

        return any(reaches(flaw) and (flaw.is_missing or flaw.start <= end) for flaw in flaws)

    def _n_errors(self, line_prefix: str, text: str, rest: str, deadline: float) -> int:
        """Count what the text would break; nothing where that cannot be told, or where it only waits for more.

        Several lines are complete, or lines of them are left out: they wait at most for the end of the block that the caret's
        line has opened.
        """
        lines = line_prefix + text
        n_errors = self._n_new_flaws(lines + rest)
        if not n_errors or rest.strip():
            return n_errors
        if "\n" in text:
            ends = [f"\n{word}" for word in closing_words(line_prefix.rstrip(), self._language)]
        elif lines.lstrip().startswith("@"):
            # A decorator or an annotation waits for what it stands before.
            return 0
        else:
            ends = possible_ends(lines, self._language)
        return 0 if any(time.monotonic() >= deadline or not self._n_new_flaws(lines + end) for end in ends) else n_errors

    def _n_new_flaws(self, lines: str) -> int:
        flaws, known = self._flaws_with(lines), self._flaws
        if not flaws or known is None or len(flaws) < len(known) or self._are_around(known):
            return 0
        return len(added(flaws, known, len(self._above), len(lines.encode("utf-8", "surrogatepass"))))

    def _within_block(self, line_prefix: str, text: str) -> str:
        """Cut lines that stand behind the end of the block that the first of them is in."""
        lines = (line_prefix + text).encode("utf-8", "surrogatepass")
        first = len(lines) - len(lines.lstrip())
        at = len(self._above)
        block = self._open.block_around(at + first, at, lines) if self._open is not None else None
        if block is None:
            return text
        n_lines = lines[: block.end - at].rstrip().count(b"\n") + 1
        return "\n".join(text.split("\n")[:n_lines]).rstrip()

    def _is_body(self, first: int, lines: str, opener: str) -> bool:
        """Say whether what begins at a byte of the lines is the only statement of a block whose opener ends the text above them."""
        at = len(self._above)
        inserted = lines.encode("utf-8", "surrogatepass")
        block = self._open.block_around(at + first, at, inserted) if self._open is not None else None
        if block is None or block.n_statements != 1 or block.start < at - len(opener_of_body(opener).encode()):
            return False
        # A header of several lines says how deep its body is only where it ends as deep as it begins.
        header_line = self._above[self._above.rfind(b"\n", 0, block.header_start) + 1 :].split(b"\n", 1)[0]
        return len(header_line) - len(header_line.lstrip()) == len(opener) - len(opener.lstrip())


def _is_of_switch(opener: str, language: str) -> bool:
    """Say whether it is a label: what stands below it is no block in the trees of most languages."""
    return language != "python" and opener.endswith(":")


def _shortened(text: str) -> Iterator[str]:
    """Yield the first lines of several, ever fewer; comments alone are not worth it.

    Nothing is cut off a line: of 9 lines that were sound without their last closers, none was right (docs/measurements.md).
    """
    lines = text.split("\n")
    for n_lines in range(len(lines) - 1, max(len(lines) - 1 - _MOST_TRIMMED_LINES, 0), -1):
        if lines[n_lines - 1].strip() and not all(_COMMENT.match(line) for line in lines[:n_lines]):
            yield "\n".join(lines[:n_lines])
