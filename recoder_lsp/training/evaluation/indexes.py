"""The indexes that are asked while lines are masked: those of a folder or of many, without what is asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from recoder_lsp.config import IndexSettings
from recoder_lsp.index.folder_index import FolderIndex
from recoder_lsp.index.hashes import hash_of_file
from recoder_lsp.index.phrases import storing
from recoder_lsp.index.phrases.building import Source, building
from recoder_lsp.index.phrases.storing import PHRASES
from recoder_lsp.index.phrases.stream import Stream
from recoder_lsp.index.process import wire
from recoder_lsp.index.store.manifest import Manifest
from recoder_lsp.index.store.manifest_reading import ManifestReader
from recoder_lsp.index.store.manifest_schema import MANIFEST

Item = Mapping[str, Any]
"""A hole: "id", "repo", "path", "languageId", "prefix", "gold", "suffix", and what `masked.score` groups it by."""


class Indexes:
    """The indexes of evaluation items' repositories, in this process; asked as a workspace is. One at a time for a home.

    What is asked for is in none of them: `turn_to` takes it out of the index, `take_out` out of the phrases.
    """

    def __init__(self, root_of: Callable[[str], Path], home: Path, settings: IndexSettings | None = None) -> None:
        """Open nothing yet.

        Args:
            root_of: Says where the repository of this name lies.
            home: Where indexes are kept, to be quicker the next time.
            settings: What is indexed; without them, what users have.
        """
        self._root_of, self._home, self._settings = root_of, home, settings or IndexSettings()
        self._open: dict[str, FolderIndex] = {}
        self._phrases: dict[str, Stream] = {}
        self._taken_out: set[str] = set()
        self._current: FolderIndex | None = None
        self._repository = self._path = ""

    def reader(self, repository: str) -> ManifestReader:
        """Return what reads the index of a repository, after that was brought up to date; to be closed by the caller."""
        self._index_of(repository)
        return Manifest.reader(self._home_of(repository) / MANIFEST)

    def take_out(self, items: Sequence[Item]) -> None:
        """Have the phrases of the items' repositories without their holes, all of them at once: to build them takes seconds."""
        by_repository = dict[str, dict[str, list[Item]]]()
        for item in items:
            by_repository.setdefault(item["repo"], {}).setdefault(item["path"], []).append(item)
        if not self._taken_out.issuperset(item["id"] for item in items):
            for repository, by_path in by_repository.items():
                self._phrases[repository] = self._phrases_without(repository, by_path)
            self._taken_out = {item["id"] for item in items}

    def phrases(self, uri: str) -> tuple[Stream, str] | None:
        """Answer as `Workspace.phrases` does."""
        stream = self._phrases.get(self._repository)
        return (stream, self._path) if stream is not None else None

    def turn_to(self, item: Item) -> None:
        """Have the item's repository answer, with its file as it is around the hole: what is asked for is not in the index."""
        self._put_back()
        self._current, self._repository, self._path = self._index_of(item["repo"]), item["repo"], item["path"]
        self._current.open_buffer(self._path, item["prefix"] + item["suffix"], item["languageId"])

    async def ask(self, uri: str, method: str, params: dict[str, Any], *, timeout_s: float = 0.0) -> Any:
        """Answer as `Workspace.ask` does, over the same wire format."""
        assert self._current is not None
        answer = self._current.answer(method, {"path": self._path, **params})
        return wire.decode(wire.encode({"result": answer})[wire.HEADER_BYTES :])["result"]

    def close(self) -> None:
        """Leave the indexes as the folders are."""
        self._put_back()
        for index in self._open.values():
            index.close()
        self._open, self._current = {}, None

    def _index_of(self, repository: str) -> FolderIndex:
        if repository not in self._open:
            index = FolderIndex.open(self._root_of(repository), self._home_of(repository), self._settings)
            self._open[repository] = index
            index.reconcile(lambda progress: None, lambda: False)
            index.flush(lambda: False)
        return self._open[repository]

    def _phrases_without(self, repository: str, by_path: Mapping[str, Sequence[Item]]) -> Stream:
        self._index_of(repository).keep_phrases(lambda: False)
        everything = storing.read(self._home_of(repository) / PHRASES)
        texts = {path: without_holes(items) for path, items in by_path.items()}
        sources = (
            Source(path, hash_of_file(texts[path].encode()) if path in texts else known, functools.partial(texts.get, path))
            for path, known in zip(everything.paths, everything.hashes, strict=True)
        )
        return _outcome(building(sources, everything))

    def _home_of(self, repository: str) -> Path:
        return self._home / repository.replace("/", "__")

    def _put_back(self) -> None:
        if self._current is not None:
            self._current.close_buffer(self._path)


def without_holes(items: Sequence[Item]) -> str:
    """Return the text that some items were cut out of, less what is asked for in each of them."""
    first = items[0]
    text: str = first["prefix"] + first["gold"] + first["suffix"]
    for item in sorted(items, key=lambda item: -len(item["prefix"])):
        start = len(item["prefix"])
        text = text[:start] + text[start + len(item["gold"]) :]
    return text


def unpacked(workspaces: Path) -> Callable[[str], Path]:
    """Return what finds OWNER/NAME among folders OWNER__NAME@COMMIT; an archive has one folder at its top.

    What it returns raises FileNotFoundError for a repository that is not there.
    """

    def root_of(repository: str) -> Path:
        name = repository.replace("/", "__")
        root = next(iter(sorted(workspaces.glob(f"{name}@*"))), None)
        if root is None:
            raise FileNotFoundError(f"{workspaces} has no {name}@...")
        inner = [entry for entry in root.iterdir() if not entry.name.startswith(".")]
        return inner[0] if len(inner) == 1 else root

    return root_of


def _outcome(steps: Generator[None, None, Stream]) -> Stream:
    """Return what comes out when all steps are done."""
    try:
        while True:
            next(steps)
    except StopIteration as done:
        stream: Stream = done.value
        return stream
