"""What a chat message is about: the selection, what stands around it, what is mentioned, what the index finds, and what Git says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from recoder_lsp import git, privacy
from recoder_lsp.document import Snapshot
from recoder_lsp.features.chat_buffer import ENDING
from recoder_lsp.features.code_at import PROSE
from recoder_lsp.features.passages import Passage, passage_of
from recoder_lsp.features.symbols import document_symbols
from recoder_lsp.features.wording import reasons_in_words
from recoder_lsp.index.files.judging import holds_private_key
from recoder_lsp.index.process.workspace import Placed, Workspace
from recoder_lsp.index.records import Hit, Kind, Symbol
from recoder_lsp.language import gettext
from recoder_lsp.redaction import redact

MOST_FOUND, MOST_OF_A_FILE = 8, 2
# Of the score of the best hit. Below are those that share a common word with the question: docs/chat.md has what that costs.
RELEVANT = 0.35
MOST_MENTIONED = 4
TIMEOUT_S = 2.0
LONGEST_DIFF = 60_000
DIFF = "@diff"
"""In a message: have the model read what Git calls different."""
# Of a file without a symbol around the caret, so many lines before and behind it; a symbol that is longer is cut to these too.
LINES_AROUND, LONGEST_SYMBOL_LINES = 30, 160
# Names of the selection that are looked for besides the question.
MOST_NAMES, SHORTEST_NAME = 6, 4
_LOOKED_AT = 8_000

_MENTION = re.compile(r"(?<![\w/@])@([\w./+-]*[\w+-])(?::(\d{1,7})(?:-(\d{1,7}))?)?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_AROUND = frozenset(
    {Kind.FUNCTION, Kind.METHOD, Kind.CONSTRUCTOR, Kind.CLASS, Kind.STRUCT, Kind.INTERFACE, Kind.ENUM, Kind.TYPE, Kind.MACRO}
)

SnapshotOf = Callable[[str], Snapshot | None]


@dataclass(frozen=True)
class Subject:
    """What is said, and where the user is: an open document, and what is selected in it as offsets; a caret has `start == end`."""

    message: str
    document: Snapshot | None = None
    start: int = 0
    end: int = 0

    @property
    def is_selection(self) -> bool:
        return self.document is not None and self.start < self.end


@dataclass(frozen=True)
class Gathered:
    """What there is to rest an answer on."""

    selected: Passage | None = None
    """What is selected, with what it is a small part of; or else what the caret stands in."""
    others: tuple[Passage, ...] = ()
    """Best first; none of them overlaps another, or that one."""
    diff: str = ""
    """What Git calls different, without secrets."""

    @property
    def passages(self) -> tuple[Passage, ...]:
        """All of them, the selected one first."""
        return ((self.selected,) if self.selected else ()) + self.others


class ChatContext:
    """Owned by the event loop; asks index, Git and documents side by side."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def about(self, subject: Subject, snapshot_of: SnapshotOf, *, about_code: bool, with_caret: bool = True) -> Gathered:
        """Return what a message is about.

        Args:
            subject: The message without its slash command, and the place.
            snapshot_of: Gives an open document as it is now.
            about_code: Whether the selected code is meant, whatever the message says.
            with_caret: Whether what the caret stands in counts also where nothing says so.
        """
        document = subject.document if subject.document is not None and not holds_secrets(subject.document) else None
        pointed_at = document if about_code or subject.is_selection or with_caret else None
        selected, mentioned, diff = await asyncio.gather(
            self._selected(pointed_at, subject) if pointed_at is not None else _nothing(),
            self._mentioned(subject.message, snapshot_of),
            self.diff(document) if DIFF in subject.message else _no_text(),
        )
        code = selected if about_code or subject.is_selection else None
        found = await self._found(_query(subject.message, code or next(iter(mentioned), None)), document)
        return Gathered(selected, _apart([*mentioned, *found], selected), redact(diff[:LONGEST_DIFF]))

    def shown_path(self, uri: str) -> str:
        """Return how people call a document: by its path in its folder."""
        place = self._workspace.place_of(uri)
        return place[1] if place is not None and place[0].root is not None else Snapshot(uri, "", "", None).path.rpartition("/")[2]

    async def _selected(self, document: Snapshot, subject: Subject) -> Passage | None:
        """What the selection is a small part of, else the selection; without one what the caret stands in."""
        path, first, last = self.shown_path(document.uri), *_lines(document, subject)
        symbol = _symbol_around(await document_symbols(self._workspace, document), first, last)
        name, kind = (symbol.qualified_name, symbol.kind.value) if symbol is not None else ("", "")
        if symbol is None or (subject.is_selection and 2 * (last - first + 1) >= _n_lines(symbol)):
            around = 0 if subject.is_selection else LINES_AROUND
            why = gettext("selected") if subject.is_selection else gettext("around the cursor")
            first, last = first - around, last + around
        else:
            lines = gettext("line {first} is selected") if first == last else gettext("lines {first}-{last} are selected")
            why = lines.format(first=first + 1, last=last + 1) if subject.is_selection else gettext("around the cursor")
            first, last = symbol.span.start_line, symbol.span.end_line
        passage = passage_of(document, path, first, last, why, name=name, kind=kind)
        return passage if passage.text.strip() else None

    async def _mentioned(self, message: str, snapshot_of: SnapshotOf) -> tuple[Passage, ...]:
        """Files that the message names: `@src/app.py`, `@src/app.py:10-20`."""
        mentions = list(dict.fromkeys(_MENTION.findall(message)))[:MOST_MENTIONED]
        found = await asyncio.gather(*(self._file(path, first, last, snapshot_of) for path, first, last in mentions))
        return tuple(passage for passage in found if passage is not None)

    async def _file(self, path: str, first: str, last: str, snapshot_of: SnapshotOf) -> Passage | None:
        for client in self._workspace.clients:
            uri = Placed(self._workspace.shown_root(client), None).uri(path)
            document = snapshot_of(uri) or await self._read(uri)
            if document is None or holds_secrets(document):
                continue
            first_line = int(first) - 1 if first else 0
            last_line = int(last) - 1 if last else first_line if first else len(document.lines) - 1
            return passage_of(document, path, first_line, last_line, gettext("mentioned"))
        return None

    async def _read(self, uri: str) -> Snapshot | None:
        match await self._workspace.ask(uri, "text", {}, timeout_s=TIMEOUT_S):
            case {"text": str(text), "language": str(language)}:
                return Snapshot(uri, language, text, None)
        return None

    async def _found(self, query: str, document: Snapshot | None) -> tuple[Passage, ...]:
        if not query.strip():
            return ()
        place = self._workspace.place_of(document.uri) if document is not None else None
        found = await self._workspace.search(
            query, limit=MOST_FOUND, per_file=MOST_OF_A_FILE, near=place[1] if place else "", timeout_s=TIMEOUT_S
        )
        # What was said in a conversation, the question itself among it, is no evidence.
        hits = [placed for placed in found if not placed.item.path.endswith(ENDING)]
        worth_reading = RELEVANT * max((placed.item.score for placed in hits), default=0.0)
        return tuple(
            _passage_of_hit(placed)
            for placed in hits
            if placed.item.score >= worth_reading and not privacy.is_secret_path(placed.item.path)
        )

    async def diff(self, document: Snapshot | None) -> str:
        """Return what is staged, else what is changed: in the folder of a document, else in any; without files of secrets."""
        roots = [root for client in self._workspace.clients if (root := client.root) is not None]
        if document is not None and (place := self._workspace.place_of(document.uri)) is not None and place[0].root is not None:
            roots = [place[0].root]
        for root in roots:
            diff = await git.diff(root, staged=True) or await git.diff(root, staged=False)
            if diff:
                return without_secret_files(diff)
        return ""


def holds_secrets(document: Snapshot) -> bool:
    """Whether nothing of a document is read: by its name, or for a key in it, of which a piece is no less secret than the whole."""
    return privacy.is_secret_path(document.path) or holds_private_key(document.text)


def without_secret_files(diff: str) -> str:
    """Return a diff without the files that usually hold secrets."""
    files = re.split(r"^(?=diff --git )", diff, flags=re.MULTILINE)
    return "".join(file for file in files if not any(map(privacy.is_secret_path, _paths(file))))


def _paths(file: str) -> Iterable[str]:
    """The paths that the first lines of a file's diff name."""
    head = file.split("\n@@", 1)[0][:4_000]
    for line in head.split("\n"):
        for start in ("--- a/", "+++ b/", "rename from ", "rename to "):
            if line.startswith(start):
                yield line.removeprefix(start).rstrip('\t"')
        if line.startswith("diff --git "):
            yield from line.rstrip('"').removeprefix("diff --git ").split(" ")


def _lines(document: Snapshot, subject: Subject) -> tuple[int, int]:
    """The first and the last line that is selected; one at whose beginning the selection ends is not."""
    first = document.position_at(subject.start, "utf-32")[0]
    last, column = document.position_at(subject.end, "utf-32")
    return first, last - 1 if column == 0 and last > first else last


def _symbol_around(symbols: Sequence[Symbol], first: int, last: int) -> Symbol | None:
    """The innermost function or type with these lines; none that is very long, for the lines around are more telling then."""
    around = [each for each in symbols if each.kind in _AROUND and each.span.start_line <= first and last <= each.span.end_line]
    return min((each for each in around if _n_lines(each) <= LONGEST_SYMBOL_LINES), key=_n_lines, default=None)


def _n_lines(symbol: Symbol) -> int:
    return symbol.span.end_line - symbol.span.start_line + 1


def _query(message: str, code: Passage | None) -> str:
    """What the index is asked: the message, and the names in the code that it is about."""
    words = _MENTION.sub(" ", message)
    if code is None or code.language in PROSE:
        return words
    text, names = code.text[:_LOOKED_AT], dict[str, None]()
    for found in _NAME.finditer(text):
        is_telling = text.startswith("(", found.end()) or found[0] != found[0].lower()
        if is_telling and len(found[0]) >= SHORTEST_NAME:
            names[found[0]] = None
    return " ".join([words, *list(names)[:MOST_NAMES]])


def _passage_of_hit(placed: Placed[Hit]) -> Passage:
    hit = placed.item
    end_line = hit.start_line + hit.text.rstrip("\n").count("\n")
    text, why = hit.text.rstrip("\r\n"), reasons_in_words(hit.why)
    return Passage(placed.uri(hit.path), hit.path, hit.language, hit.start_line, end_line, text, why, hit.symbol, hit.kind)


def _apart(passages: Iterable[Passage], selected: Passage | None) -> tuple[Passage, ...]:
    """Those that overlap neither one before them nor what is selected."""
    kept: list[Passage] = []
    for passage in passages:
        if not any(each is not None and passage.overlaps(each) for each in (selected, *kept)):
            kept.append(passage)
    return tuple(kept)


async def _nothing() -> None:
    return None


async def _no_text() -> str:
    return ""
