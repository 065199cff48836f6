"""All folders of an editor window with their indexes: which one a file belongs to, and what all of them say together."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Generic, TypeVar

from recoder_lsp.config import Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.index.phrases.opening import OpenedPhrases
from recoder_lsp.index.phrases.storing import PHRASES
from recoder_lsp.index.phrases.stream import Stream
from recoder_lsp.index.process.client import ANSWER_S, FolderClient
from recoder_lsp.index.process.place import place_of as index_place_of
from recoder_lsp.index.process.wire import IndexState, Phase
from recoder_lsp.index.records import Hit, Location, Symbol
from recoder_lsp.language import gettext
from recoder_lsp.metrics import Metrics

SUPPORTED = hasattr(asyncio, "open_unix_connection")

BUFFER_AFTER_S = 0.15
"""So long after the last key the text of a document is sent: a word that is being typed is not worth indexing."""

TYPING_EVERY_S = 0.1
# With more changed files than these, finding out where each belongs would take the time of a keystroke.
MANY_AT_ONCE = 500

# Of several folders, the state of the one that is furthest from being ready is told.
FURTHEST: tuple[Phase, ...] = ("indexing", "scanning", "opening", "starting", "failed", "paused", "vectors", "idle", "off")

T = TypeVar("T")


@dataclass(frozen=True)
class Placed(Generic[T]):
    """Something of one folder; paths in `item` are relative to `root`."""

    root: Path | None
    item: T

    def uri(self, path: str) -> str:
        """The URI of a path of this folder, as the editor would write it."""
        return uri_of(self.root, path)


@dataclass(frozen=True)
class Folder:
    """A folder as the editor named it, and what it really is; its index, or why there is none."""

    uri: str
    path: Path
    real_path: Path
    client: FolderClient | None
    reason: str = ""


class Workspace:
    """Belongs to the event loop; nothing here blocks it. Before `start` nothing happens, and no process runs."""

    def __init__(
        self, settings: Settings, home: Path, metrics: Metrics, *, make_client: Callable[..., FolderClient] = FolderClient
    ) -> None:
        self._settings, self._home, self._metrics, self._make_client = settings, home, metrics, make_client
        self._snapshot_of: Callable[[str], Snapshot | None] = lambda uri: None
        self._started, self._told_of_changes = False, False
        self._uris: list[str] = []
        self._folders: dict[str, Folder] = {}
        self._loose: FolderClient | None = None
        self._places: dict[str, tuple[FolderClient, str] | None] = {}
        self._phrases: dict[Path, OpenedPhrases] = {}
        self._open: set[str] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._typed_at = 0.0
        self._closing: set[asyncio.Task[None]] = set()
        self.on_state: Callable[[IndexState], None] | None = None

    # -- what there is

    @property
    def state(self) -> IndexState:
        """Of all folders together."""
        if not self._settings.index.enabled:
            return IndexState(reason=gettext("The setting index.enabled is false."))
        if not SUPPORTED:
            return IndexState(reason=gettext("The index needs Unix sockets, which this system does not have."))
        states = [client.state for client in self.clients]
        reasons = [state.reason for state in states if state.reason] + [folder.reason for folder in self._folders.values() if folder.reason]
        phase: Phase = min((state.phase for state in states), key=FURTHEST.index, default="off")
        return IndexState(
            phase,
            done=sum(state.done for state in states),
            total=sum(state.total for state in states),
            n_files=sum(state.n_files for state in states),
            n_chunks=sum(state.n_chunks for state in states),
            reason=" ".join(dict.fromkeys(reasons)),
        )

    @property
    def available(self) -> bool:
        """Whether at least one folder can be asked."""
        return any(client.available for client in self.clients)

    @property
    def clients(self) -> list[FolderClient]:
        every = [folder.client for folder in self._folders.values()] + [self._loose]
        return [client for client in dict.fromkeys(every) if client is not None]

    def place_of(self, uri: str) -> tuple[FolderClient, str] | None:
        """Return the index that a document belongs to, and its path there; None where it belongs to none."""
        if uri not in self._places:
            self._places[uri] = self._find_place(uri)
        return self._places[uri]

    def shown_root(self, client: FolderClient) -> Path | None:
        """Return the folder that paths of an index are relative to, as the editor names it; None for that of loose documents."""
        return next((folder.path for folder in self._folders.values() if folder.client is client), None)

    # -- questions

    async def search(self, query: str, *, limit: int = 10, timeout_s: float = ANSWER_S, **filters: Any) -> tuple[Placed[Hit], ...]:
        """Return pieces of code of all folders, best first; `filters` are fields of `index.search.Query`."""
        found = await self._of_all(lambda client: client.search(query, limit=limit, timeout_s=timeout_s, **filters))
        return tuple(sorted(found, key=lambda placed: -placed.item.score)[:limit])

    async def symbols(self, query: str, *, limit: int = 100, timeout_s: float = ANSWER_S, **options: Any) -> tuple[Placed[Location], ...]:
        """Return symbols of all folders whose names are like the query; folders take turns, each with its best first."""
        found = await self._of_all(lambda client: client.symbols(query, limit=limit, timeout_s=timeout_s, **options))
        ranks: dict[Path | None, int] = {}
        order: list[tuple[int, int, Placed[Location]]] = []
        for placed in found:
            ranks[placed.root] = ranks.get(placed.root, -1) + 1
            order.append((ranks[placed.root], len(order), placed))
        return tuple(placed for _, _, placed in sorted(order, key=lambda entry: entry[:2])[:limit])

    async def outline(self, uri: str, *, timeout_s: float = ANSWER_S) -> tuple[Symbol, ...]:
        """Return the symbols of one document."""
        place = self.place_of(uri)
        return await place[0].outline(place[1], timeout_s=timeout_s) if place else ()

    async def ask(self, uri: str, method: str, params: dict[str, Any], *, timeout_s: float = ANSWER_S) -> Any:
        """Ask the index that a document belongs to; its path is put into the parameters. None when there is no answer."""
        place = self.place_of(uri)
        return await place[0].ask(method, {"path": place[1], **params}, timeout_s=timeout_s) if place else None

    def phrases(self, uri: str) -> tuple[Stream, str] | None:
        """Return the phrases of the folder that a document belongs to, and its path there; None while there are none.

        Never waits: they are opened in the background, from the first time that they are asked for.
        """
        place = self.place_of(uri)
        if place is None or place[0].root is None:
            return None
        root = place[0].root
        if root not in self._phrases:
            self._phrases[root] = OpenedPhrases(index_place_of(root, self._home).folder / PHRASES)
        stream = self._phrases[root].now()
        return (stream, place[1]) if stream is not None else None

    async def _of_all(self, ask: Callable[[FolderClient], Any]) -> list[Placed[Any]]:
        clients = self.clients
        answers = await asyncio.gather(*(ask(client) for client in clients))
        return [Placed(self.shown_root(client), item) for client, items in zip(clients, answers, strict=True) for item in items]

    # -- beginning, settings, folders, end

    def start(self, folders: Sequence[str], snapshot_of: Callable[[str], Snapshot | None], *, told_of_changes: bool) -> None:
        """Open the indexes of these folders; returns at once.

        Args:
            folders: Their URIs.
            snapshot_of: Gives an open document as it is now.
            told_of_changes: Whether `watched` will be called for changed files.
        """
        self._started, self._snapshot_of, self._told_of_changes = True, snapshot_of, told_of_changes
        self.set_folders(folders)

    def set_folders(self, uris: Sequence[str]) -> None:
        """These are the folders from now on."""
        self._uris = list(uris)
        self._arrange()

    def told_of_changes(self, told: bool) -> None:
        """Whether the editor tells of changed files, where that turns out later."""
        self._told_of_changes = told
        for client in self.clients:
            client.watch(not told)

    def configure(self, settings: Settings) -> None:
        """Go by these settings from now on."""
        self._settings = settings
        for client in self.clients:
            client.configure(settings.index)
        self._arrange()
        self._say()

    def pause(self) -> None:
        """Stop indexing in the background; what is open or saved is indexed all the same."""
        for client in self.clients:
            client.pause()

    def resume(self) -> None:
        for client in self.clients:
            client.resume()

    async def close(self) -> None:
        """Disconnect from all indexes."""
        self._started = False
        self._arrange()
        await asyncio.gather(*self._closing)

    def _arrange(self) -> None:
        """Have an index for each folder that needs one, and no others; move open documents to where they belong now."""
        before, places = self.clients, self._places
        self._folders = {folder.uri: folder for folder in self._wanted(self._folders)} if self._enabled else {}
        if not self._needs_loose():
            self._loose = None
        elif self._loose is None:
            self._loose = self._client(None)
        self._places = {}
        for uri in self._open:
            old, new = places.get(uri), self.place_of(uri)
            if old is not None and old != new:
                old[0].close_buffer(old[1])
            if new is not None and old != new:
                self._send_in(0, uri)
        self._phrases = {root: phrases for root, phrases in self._phrases.items() if any(client.root == root for client in self.clients)}
        for client in set(before) - set(self.clients):
            task = asyncio.get_running_loop().create_task(client.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def _needs_loose(self) -> bool:
        return self._enabled and bool(self._open) and not any(folder.client for folder in self._folders.values())

    def _wanted(self, before: dict[str, Folder]) -> list[Folder]:
        chosen: list[Folder] = []
        # Outer folders first: one inside of another is part of that one's index.
        candidates = sorted(((uri, path) for uri in self._uris if (path := _local_path(uri))), key=lambda each: len(each[1].parts))
        for uri, path in dict(candidates).items():
            real = Path(os.path.realpath(path))
            outer = next((each for each in chosen if each.client and real.is_relative_to(each.real_path)), None)
            known = before.get(uri)
            if outer is not None:
                chosen.append(Folder(uri, path, real, outer.client))
            elif (reason := _refusal(real)) is not None:
                chosen.append(Folder(uri, path, real, None, reason))
            elif known is not None and known.client is not None and known.client.root == real:
                chosen.append(known)
            else:
                chosen.append(Folder(uri, path, real, self._client(real)))
        return chosen

    def _client(self, root: Path | None) -> FolderClient:
        client = self._make_client(
            root,
            self._home,
            self._settings.index,
            watch=not self._told_of_changes,
            on_state=lambda state: self._say(),
            metrics=self._metrics,
            log_level=self._settings.log.level,
        )
        client.start()
        return client

    def _say(self) -> None:
        if self.on_state is not None:
            self.on_state(self.state)

    # -- documents

    def opened(self, uri: str) -> None:
        """A document was opened: its text counts from now on, not its file's."""
        self._open.add(uri)
        self._places.pop(uri, None)
        if self._enabled:
            if self._loose is None and self._needs_loose():
                self._loose = self._client(None)
            self._send_in(0, uri)
            # So that they are open when the first key is pressed.
            self.phrases(uri)

    def changed(self, uri: str) -> None:
        """A document was changed. Cheap: the text is taken when no further key was pressed for a moment."""
        if uri not in self._open:
            # Brought back by a change with the whole text, or else not there at all.
            if self._snapshot_of(uri) is None:
                return
            self.opened(uri)
        if not self._enabled:
            return
        now = asyncio.get_running_loop().time()
        if now - self._typed_at >= TYPING_EVERY_S:
            self._typed_at = now
            for client in self.clients:
                client.typing()
        self._send_in(BUFFER_AFTER_S, uri)

    def saved(self, uri: str) -> None:
        """A document was saved: its file is read at once."""
        if self._enabled:
            if (timer := self._timers.pop(uri, None)) is not None:
                timer.cancel()
                self._send(uri)
            if (place := self.place_of(uri)) is not None:
                place[0].saved([place[1]])

    def closed(self, uri: str) -> None:
        """A document was closed: its file counts again."""
        self._open.discard(uri)
        if (timer := self._timers.pop(uri, None)) is not None:
            timer.cancel()
        if (place := self._places.pop(uri, None)) is not None:
            place[0].close_buffer(place[1])

    def watched(self, uris: Sequence[str]) -> None:
        """These files or folders were changed, created or deleted, as the editor says."""
        if not self._enabled:
            return
        if len(uris) > MANY_AT_ONCE:
            for client in self.clients:
                client.look_again()
            return
        changed: dict[FolderClient, list[str]] = {}
        for uri in uris:
            place = self._places.get(uri) or self._find_place(uri)
            if place is not None:
                changed.setdefault(place[0], []).append(place[1])
        for client, paths in changed.items():
            client.watched(paths)

    @property
    def _enabled(self) -> bool:
        return self._started and self._settings.index.enabled and SUPPORTED

    def _send_in(self, seconds: float, uri: str) -> None:
        if (timer := self._timers.pop(uri, None)) is not None:
            timer.cancel()
        self._timers[uri] = asyncio.get_running_loop().call_later(seconds, self._send, uri)

    def _send(self, uri: str) -> None:
        self._timers.pop(uri, None)
        snapshot, place = self._snapshot_of(uri), self.place_of(uri)
        if snapshot is None or place is None or not self._enabled:
            return
        if len(snapshot.text) <= self._settings.index.max_file_kb * 1024:
            place[0].open_buffer(place[1], snapshot.text, snapshot.language)
        else:
            # It may have grown: what it was before is not what the user sees.
            place[0].close_buffer(place[1])

    def _find_place(self, uri: str) -> tuple[FolderClient, str] | None:
        path = _local_path(uri)
        if self._loose is not None:
            return self._loose, str(path) if path else uri
        if path is None:
            return None
        if (relative := self._relative(path)) is None and path != (real := Path(os.path.realpath(path))):
            relative = self._relative(real)
        return relative

    def _relative(self, path: Path) -> tuple[FolderClient, str] | None:
        for folder in self._folders.values():
            client = folder.client
            if client is None or client.root is None:
                continue
            for root in (folder.path, folder.real_path):
                if path.is_relative_to(root) and path != root:
                    # A folder inside of another one has the outer one's index, in which paths begin further up.
                    return client, (folder.real_path / path.relative_to(root)).relative_to(client.root).as_posix()
        return None


def uri_of(root: Path | None, path: str) -> str:
    """Return the URI of a path in a folder; without a folder a document's own URI may stand for the path."""
    whole = root / path if root is not None else PurePath(path)
    return whole.as_uri() if whole.is_absolute() else path


def _local_path(uri: str) -> Path | None:
    """The path of a file: URI on this machine; None for anything else."""
    if not uri.startswith("file:"):
        return None
    path = Snapshot(uri, "", "", None).path
    usable = path.startswith("/") and not path.startswith("//") and "\0" not in path
    # What climbs out of a folder is not in it.
    return Path(os.path.normpath(path)) if usable else None


def _refusal(folder: Path) -> str | None:
    """Why a folder is not indexed; None for one that is."""
    home = Path(os.path.realpath(os.path.expanduser("~")))
    if home.is_relative_to(folder):
        return gettext("The home folder and what it lies in are not indexed: open a project.")
    return None if folder.is_dir() else gettext("The folder does not exist.")
