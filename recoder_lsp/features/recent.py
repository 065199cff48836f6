"""Where the user was at work a moment ago, in other documents: what one writes here often goes with what one wrote there."""

from __future__ import annotations

from collections import OrderedDict

from recoder_lsp import privacy
from recoder_lsp.document import Snapshot
from recoder_lsp.engine.fim import Snippet
from recoder_lsp.features.asking import PATH_PARTS
from recoder_lsp.index.search.related import same_family

REMEMBERED = 8
# So many lines around the place of an edit, more of them above it: they say what it is about.
LINES_ABOVE, LINES_BELOW = 7, 2
MOST_CHARACTERS = 1_000


class Recent:
    """Owned by the event loop. Costs nothing with each key: texts are cut out when they are asked for."""

    def __init__(self) -> None:
        self._places: OrderedDict[str, tuple[Snapshot, int]] = OrderedDict()
        self._turns = 0

    def visited(self, snapshot: Snapshot, offset: int) -> None:
        """Take note that the user edits a document here, or asks for something."""
        if next(reversed(self._places), None) != snapshot.uri:
            self._turns += 1
        self._places[snapshot.uri] = snapshot, offset
        self._places.move_to_end(snapshot.uri)
        if len(self._places) > REMEMBERED:
            self._places.popitem(last=False)

    def closed(self, uri: str) -> None:
        """The document was closed: what it held may never have been saved."""
        self._places.pop(uri, None)

    @property
    def turns(self) -> int:
        """How often the user has turned to another document: while it stays the same, `elsewhere` is the same for the current one."""
        return self._turns

    def elsewhere(self, snapshot: Snapshot, limit: int) -> tuple[Snippet, ...]:
        """Return the lines at work in other documents of such a language, the latest last."""
        found = [
            Snippet("/".join(other.path.split("/")[-PATH_PARTS:]), text)
            for other, offset in self._places.values()
            if other.uri != snapshot.uri
            and same_family(other.language, snapshot.language)
            and not privacy.is_secret_path(other.path)
            and (text := _around(other, offset))
        ]
        return tuple(found[-limit:]) if limit else ()


def _around(snapshot: Snapshot, offset: int) -> str:
    line, _ = snapshot.position_at(offset, "utf-32")
    lines = snapshot.lines[max(line - LINES_ABOVE, 0) : line + LINES_BELOW + 1]
    text = "\n".join(each.rstrip() for each in lines).strip("\n")
    return text if text.strip() and len(text) <= MOST_CHARACTERS else ""
