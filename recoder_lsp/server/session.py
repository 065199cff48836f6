"""What one connection has in common: the editor, its documents, and the app that serves it. Owner: the event loop."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from recoder_lsp.config import Problem
from recoder_lsp.document import Encoding, Snapshot
from recoder_lsp.logs import log_bug
from recoder_lsp.server.documents import Documents
from recoder_lsp.server.notify import Notifier

if TYPE_CHECKING:
    from recoder_lsp.app import App

log = logging.getLogger(__name__)

ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")
CLOSE_TIMEOUT_S = 3.0

# lsp-mode shows ghost text without announcing it; this is the name it gives itself (eglot says "Eglot").
GHOST_TEXT_UNANNOUNCED = ("emacs",)

# There the cursor stands on a character, and that is selected: what these editors send where nothing else is.
CURSOR_IS_A_SELECTION = ("helix",)
# What they send where nothing is selected: the word at point. Neither ALE nor Kate says its name.
WORD_IS_A_SELECTION = ("Eglot", "")


@dataclass(frozen=True)
class Focus:
    """Where the user was last, as far as messages tell: for commands that say no place."""

    uri: str
    start: types.Position
    end: types.Position


class Session:
    """Begins with `initialize` and ends with the process."""

    def __init__(self, client: LanguageServer, app: "App", params: types.InitializeParams, folders: list[str]) -> None:
        self.client = client
        self.app = app
        self.capabilities = params.capabilities
        self.client_name = params.client_info.name if params.client_info else ""
        self.encoding: Encoding = choose_encoding(params.capabilities)
        self.documents = Documents(self.encoding, app.metrics)
        self.folders = folders
        self.initialization_options: Any = params.initialization_options
        self.configuration: Any = None
        self.problems: list[Problem] = []
        self.announced: set[str] = set()
        """Methods that `initialize` announced because of the settings."""
        self.registered: set[str] = set()
        """Those that the editor was told of since."""
        self.index_open = asyncio.Event()
        """Set when the workspace was told of its folders: not before the editor's settings are known."""
        self.watching_registered = False
        self.focus: Focus | None = None
        self.notify = Notifier(client, params.capabilities, self.spawn)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def shows_ghost_text(self) -> bool:
        """Whether the editor asks for inline completions by itself."""
        text_document = self.capabilities.text_document
        announced = text_document is not None and text_document.inline_completion is not None
        return announced or self.client_name in GHOST_TEXT_UNANNOUNCED

    @property
    def wants_menu_items(self) -> bool:
        """Whether suggestions are also offered as completion items, by the settings as they are now."""
        menu = self.app.settings.completion.menu
        return menu == "always" or (menu == "auto" and not self.shows_ghost_text)

    @property
    def wants_completion(self) -> bool:
        """Whether there is anything to offer in the completion menu, by the settings as they are now."""
        completion = self.app.settings.completion
        return self.wants_menu_items or (completion.enabled and completion.symbols)

    def selected(self, snapshot: Snapshot, start: types.Position, end: types.Position) -> tuple[int, int]:
        """Return what a range selects, as offsets in their order; a caret has the same twice."""
        first, last = sorted(snapshot.offset_at(each.line, each.character, self.encoding) for each in (start, end))
        is_caret = (last - first <= 1 and self.client_name in CURSOR_IS_A_SELECTION) or (
            snapshot.text[first:last].isidentifier() and self.client_name in WORD_IS_A_SELECTION
        )
        return first, first if is_caret else last

    @property
    def may_register_watching(self) -> bool:
        """Whether the editor can be asked to tell of changed files."""
        workspace = self.capabilities.workspace
        watching = workspace.did_change_watched_files if workspace else None
        return watching is not None and bool(watching.dynamic_registration)

    @property
    def settings_want_watching(self) -> bool:
        """Whether the index needs to hear from the editor what changes on disk, by the settings as they are now."""
        index = self.app.settings.index
        return index.enabled and index.watch != "always"

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that nobody waits for; it is stopped when the session closes."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._collect)

    async def close(self) -> bool:
        """Stop everything; False if the engine would not stop in time."""
        for task in self._tasks:
            task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self.app.close()
                return True
        return False

    def _collect(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.app.metrics.count("errors.background")
            log_bug(log, "A background task failed", error)


def choose_encoding(capabilities: types.ClientCapabilities) -> Encoding:
    """Return the first encoding the editor names that we know too; LSP's default is utf-16."""
    offered = (capabilities.general.position_encodings if capabilities.general else None) or ()
    for name in offered:
        for known in ENCODINGS:
            if name == known:
                return known
    return "utf-16"
