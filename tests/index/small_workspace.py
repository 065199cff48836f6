"""A workspace of a few texts, indexed by the real parser into a real manifest, and asked without a process between."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from recoder_lsp.document import Snapshot
from recoder_lsp.index.process import wire
from recoder_lsp.index.process.wire import IndexState
from recoder_lsp.index.process.workspace import Placed
from recoder_lsp.index.records import FileStamp, IndexedFile, Location
from recoder_lsp.index.search.conventions import Conventions
from recoder_lsp.index.search.importable import Importable
from recoder_lsp.index.search.names import Names
from recoder_lsp.index.search.places import Places
from recoder_lsp.index.store.manifest import Manifest
from recoder_lsp.index.syntax.chunks import chunks_of
from recoder_lsp.index.syntax.languages import language_of
from recoder_lsp.index.syntax.parser import Parser

ROOT = Path("/work")


class SmallWorkspace:
    """Behaves as `index.workspace.Workspace` for what features ask; `texts` may be changed behind the index's back."""

    def __init__(self, folder: Path, texts: Mapping[str, str], parser: Parser | None = None) -> None:
        """Args: `parser` may be shared, because loading grammars takes time."""
        self.parser = parser or Parser()
        self.manifest = Manifest.open(folder / "manifest.sqlite")
        self.texts: dict[str, str] = {}
        self.is_away = False
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.stale: list[str] = []
        for path, text in texts.items():
            self.index(path, text)
        self.names = Names(self.manifest, self.texts.get, self.parser)
        self.conventions = Conventions(self.manifest, self.texts.get)
        self.places = Places(self.names, self.manifest, self.texts.get, self.parser)

    def index(self, path: str, text: str, language: str = "") -> None:
        self.texts[path] = text
        outline = self.parser.outline(text, language or language_of(path))
        digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        chunks = chunks_of(path, text, outline)
        stamp = FileStamp(len(text), 0)
        file = IndexedFile(path, outline.language, stamp, digest, text.count("\n") + 1, outline.symbols, outline.references, chunks)
        self.manifest.put(file, {})

    # -- as the editor's side sees it

    @property
    def clients(self) -> list[Any]:
        return [_Client(self)]

    def place_of(self, uri: str) -> tuple[Any, str] | None:
        path = Snapshot(uri, "", "", None).path
        return (_Client(self), path.removeprefix("/work/")) if path.startswith("/work/") else None

    def shown_root(self, client: Any) -> Path | None:
        return client.root

    async def ask(self, uri: str, method: str, params: dict[str, Any], *, timeout_s: float = 5.0) -> Any:
        place = self.place_of(uri)
        return self.answer(method, {"path": place[1], **params}) if place else None

    async def symbols(self, query: str, *, limit: int, timeout_s: float = 5.0, **options: Any) -> tuple[Placed[Location], ...]:
        found = self.answer("symbols", {"query": query, "limit": limit, **options})
        return tuple(Placed(ROOT, wire.location_of(value)) for value in found["symbols"]) if found else ()

    def answer(self, method: str, params: dict[str, Any]) -> Any:
        """The answer as it is after it went through the wire."""
        self.asked.append((method, params))
        if self.is_away:
            return None
        found = wire.decode(wire.encode({"result": self._method(method)(**params)})[4:])["result"]
        if isinstance(found, dict):
            self.stale += found.pop("stale", [])
        return found

    def _method(self, name: str) -> Any:
        if hasattr(Conventions, name):
            return getattr(self.conventions, name)
        if name == "importable":
            return Importable(self.names, self.manifest, self.texts.get).importable
        return getattr(self.places if hasattr(Places, name) else self.names, name)

    def __getattr__(self, name: str) -> Any:
        """What the server tells a workspace, and nobody here wants to know."""
        if name not in ("set_folders", "told_of_changes", "pause", "opened", "changed", "saved", "closed", "watched", "start"):
            raise AttributeError(name)
        return lambda *told, **more: None


class _Client:
    root: Path | None = ROOT

    def __init__(self, workspace: SmallWorkspace) -> None:
        self._workspace = workspace

    async def until(self, wanted: Callable[[IndexState], bool]) -> IndexState:
        return IndexState("idle")

    async def ask(self, method: str, params: dict[str, Any], *, timeout_s: float = 5.0) -> Any:
        return self._workspace.answer(method, params)
