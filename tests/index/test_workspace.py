"""Folders of a window and their indexes: what belongs where, what is sent when, and what all of them say together."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from recoder_lsp.config import IndexSettings, Settings
from recoder_lsp.document import Snapshot
from recoder_lsp.index.process import workspace as workspace_module
from recoder_lsp.index.process.wire import IndexState
from recoder_lsp.index.process.workspace import Workspace, uri_of
from recoder_lsp.index.records import Hit
from recoder_lsp.metrics import Metrics


class FakeClient:
    """Remembers what it was told; answers what the test puts in."""

    def __init__(self, root: Path | None, home: Path, settings: IndexSettings, *, watch: bool, on_state: Any, **_: Any) -> None:
        self.root, self.settings, self.watches, self.on_state = root, settings, watch, on_state
        self.told: list[tuple[Any, ...]] = []
        self.state = IndexState("starting")
        self.hits: tuple[Hit, ...] = ()
        self.closed = False

    @property
    def available(self) -> bool:
        return self.state.phase == "idle"

    def become(self, state: IndexState) -> None:
        self.state = state
        self.on_state(state)

    async def search(self, query: str, **_: Any) -> tuple[Hit, ...]:
        return self.hits

    async def ask(self, method: str, params: dict[str, Any], **_: Any) -> Any:
        return method, params

    async def close(self) -> None:
        self.closed = True

    def start(self) -> None:
        """It has begun already."""

    def __getattr__(self, name: str) -> Any:
        return lambda *told: self.told.append((name, *told))

    def texts(self) -> list[tuple[str, str]]:
        return [(told[1], told[2]) for told in self.told if told[0] == "open_buffer"]

    def named(self, name: str) -> list[tuple[Any, ...]]:
        return [told[1:] for told in self.told if told[0] == name]


class Window:
    """A workspace with its open documents and every client it ever made."""

    def __init__(self, **settings: Any) -> None:
        self.texts: dict[str, str] = {}
        self.clients: list[FakeClient] = []
        self.states: list[IndexState] = []
        self.workspace = Workspace(Settings(index=IndexSettings(**settings)), Path("/nowhere"), Metrics(), make_client=self._make_client)
        self.workspace.on_state = self.states.append

    def _make_client(self, *arguments: Any, **more: Any) -> Any:
        self.clients.append(FakeClient(*arguments, **more))
        return self.clients[-1]

    def start(self, *folders: Path | str, told_of_changes: bool = True) -> None:
        self.workspace.start([uri(folder) for folder in folders], self.snapshot, told_of_changes=told_of_changes)

    def snapshot(self, uri: str) -> Snapshot | None:
        return Snapshot(uri, "python", self.texts[uri], 1) if uri in self.texts else None

    def open(self, path: Path | str, text: str = "") -> str:
        self.texts[uri(path)] = text
        self.workspace.opened(uri(path))
        return uri(path)

    def type(self, path: Path | str, text: str) -> None:
        self.texts[uri(path)] = text
        self.workspace.changed(uri(path))

    def configure(self, **settings: Any) -> None:
        self.workspace.configure(Settings(index=IndexSettings(**settings)))

    @property
    def open_clients(self) -> list[FakeClient]:
        return [client for client in self.clients if not client.closed]


def uri(path: Path | str) -> str:
    return path.as_uri() if isinstance(path, Path) else path


def hit(path: str, score: float) -> Hit:
    return Hit(path, "python", 0, 1, "", "", score, (), "")


@pytest.fixture
def folders(tmp_path) -> tuple[Path, Path]:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    return tmp_path / "one", tmp_path / "other"


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_before_the_start_nothing_runs(folders):
    window = Window()
    window.workspace.set_folders([uri(folders[0])])
    window.open(folders[0] / "a.py")
    window.configure(cpu_percent=5)
    await settled()

    assert window.clients == []
    assert window.workspace.state.phase == "off"
    await window.workspace.close()


async def test_switched_off_nothing_runs_and_the_state_says_why(folders):
    window = Window(enabled=False)
    window.start(*folders)
    window.open(folders[0] / "a.py")
    window.type(folders[0] / "a.py", "x")
    await settled()

    assert window.clients == []
    assert "index.enabled" in window.workspace.state.reason


async def test_each_folder_has_an_index_and_each_document_its_folder(folders):
    window = Window()
    window.start(*folders)
    first, second = window.clients
    window.open(folders[0] / "a/b c.py", "one")
    window.open(folders[1] / "a.py", "other")
    window.open("untitled:Untitled-1", "neither")
    window.open(Path("/etc/hosts"), "neither")
    await settled()

    assert (first.texts(), second.texts()) == ([("a/b c.py", "one")], [("a.py", "other")])
    assert await window.workspace.ask(uri(folders[1] / "a.py"), "outline", {"x": 1}) == ("outline", {"path": "a.py", "x": 1})
    assert await window.workspace.ask("untitled:Untitled-1", "outline", {}) is None


async def test_a_folder_inside_of_another_one_is_part_of_its_index(folders):
    inner = folders[0] / "packages" / "inner"
    inner.mkdir(parents=True)
    window = Window()
    window.start(inner, folders[0])
    window.open(inner / "a.py", "text")
    await settled()

    (client,) = window.clients
    assert client.root == folders[0]
    assert client.texts() == [("packages/inner/a.py", "text")]


async def test_a_folder_reached_by_a_link_is_indexed_where_it_is_and_shown_where_the_editor_has_it(tmp_path, folders):
    link = tmp_path / "link"
    link.symlink_to(folders[0])
    window = Window()
    window.start(link)
    (client,) = window.clients
    client.hits = (hit("a b.py", 1),)
    window.open(link / "a.py", "1")
    window.open(folders[0] / "b.py", "2")
    await settled()

    assert client.root == folders[0]
    assert client.texts() == [("a.py", "1"), ("b.py", "2")]
    (found,) = await window.workspace.search("x")
    assert found.uri(found.item.path) == f"{uri(link)}/a%20b.py"


@pytest.mark.parametrize("home_below", ["", "user", "user/more"])
async def test_the_home_folder_and_what_it_lies_in_are_not_indexed(folders, home_below, monkeypatch):
    home = folders[0] / home_below
    home.mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("HOME", str(home))
    window = Window()
    window.start(*folders)

    (client,) = window.clients
    assert client.root == folders[1]
    assert "home folder" in window.workspace.state.reason


async def test_folders_that_are_not_here_are_left_out(tmp_path):
    window = Window()
    window.start("vscode-remote://host/work", "file://server/share", "nonsense", tmp_path / "gone")

    assert window.clients == []
    assert window.workspace.state.reason == "The folder does not exist."


async def test_without_a_folder_open_documents_have_an_index_of_their_own(tmp_path):
    window = Window()
    window.start()
    assert window.clients == []
    window.open(tmp_path / "a.py", "1")
    window.open("untitled:1", "2")
    await settled()

    (client,) = window.clients
    assert client.root is None
    assert client.texts() == [(str(tmp_path / "a.py"), "1"), ("untitled:1", "2")]
    assert uri_of(None, "untitled:1") == "untitled:1"
    assert uri_of(None, str(tmp_path / "a.py")) == uri(tmp_path / "a.py")


async def test_a_folder_that_is_added_takes_over_its_documents_and_one_that_goes_ends(tmp_path, folders):
    window = Window()
    window.start()
    window.open(folders[0] / "a.py", "1")
    await settled()

    window.workspace.set_folders([uri(folder) for folder in folders])
    await settled()
    loose, first, second = window.clients
    assert loose.closed
    assert first.texts() == [("a.py", "1")]

    window.workspace.set_folders([uri(folders[0])])
    await settled()
    assert window.open_clients == [first]
    assert first.texts() == [("a.py", "1")]
    assert second.closed

    await window.workspace.close()
    assert window.open_clients == []


async def test_switching_on_and_off_begins_and_ends_everything(folders):
    window = Window(enabled=False)
    window.start(folders[0])
    window.open(folders[0] / "a.py", "1")

    window.configure(enabled=True)
    await settled()
    (client,) = window.clients
    assert client.texts() == [("a.py", "1")]

    window.configure(enabled=False)
    await settled()
    assert client.closed


async def test_other_settings_go_to_the_index_that_is_there(folders):
    window = Window()
    window.start(folders[0])
    window.configure(cpu_percent=5)

    (client,) = window.clients
    assert client.named("configure") == [(IndexSettings(cpu_percent=5),)]


async def test_a_changed_text_is_sent_once_nothing_was_typed_for_a_moment(folders, monkeypatch):
    monkeypatch.setattr(workspace_module, "BUFFER_AFTER_S", 0.02)
    window = Window()
    window.start(folders[0])
    (client,) = window.clients
    window.open(folders[0] / "a.py", "")
    await settled()
    for end in range(1, 6):
        window.type(folders[0] / "a.py", "hello"[:end])
    assert client.texts() == [("a.py", "")]
    assert len(client.named("typing")) == 1

    await asyncio.sleep(0.1)

    assert client.texts() == [("a.py", ""), ("a.py", "hello")]


async def test_a_save_sends_the_text_at_once_and_says_that_it_was_saved(folders):
    window = Window()
    window.start(folders[0])
    (client,) = window.clients
    window.open(folders[0] / "a.py")
    window.type(folders[0] / "a.py", "x")

    window.workspace.saved(uri(folders[0] / "a.py"))

    assert client.told[-2:] == [("open_buffer", "a.py", "x", "python"), ("saved", ["a.py"])]


async def test_a_closed_document_is_no_buffer_any_more_and_nothing_is_sent_later(folders, monkeypatch):
    monkeypatch.setattr(workspace_module, "BUFFER_AFTER_S", 0.01)
    window = Window()
    window.start(folders[0])
    (client,) = window.clients
    document = window.open(folders[0] / "a.py")
    await settled()
    window.type(folders[0] / "a.py", "x")

    del window.texts[document]
    window.workspace.closed(document)
    await asyncio.sleep(0.05)

    assert client.named("close_buffer") == [("a.py",)]
    assert client.texts() == [("a.py", "")]


async def test_a_text_that_is_too_large_is_not_sent(folders):
    window = Window(max_file_kb=1)
    window.start(folders[0])
    window.open(folders[0] / "a.py", "x" * 1025)
    await settled()

    assert window.clients[0].texts() == []


async def test_a_text_that_grows_too_large_does_not_stay_in_the_index_as_it_was(folders, monkeypatch):
    monkeypatch.setattr(workspace_module, "BUFFER_AFTER_S", 0)
    window = Window(max_file_kb=1)
    window.start(folders[0])
    window.open(folders[0] / "a.py", "x")
    await settled()

    window.type(folders[0] / "a.py", "x" * 1025)
    await asyncio.sleep(0.02)

    assert window.clients[0].named("close_buffer") == [("a.py",)]


async def test_a_change_of_what_is_not_open_is_none(folders):
    window = Window()
    window.start(folders[0])
    window.workspace.changed(uri(folders[0] / "a.py"))
    window.workspace.set_folders([])
    await settled()

    assert window.open_clients == []


async def test_a_change_brings_a_document_back(folders):
    window = Window()
    window.start()
    window.type(folders[0] / "a.py", "x")

    window.workspace.set_folders([uri(folders[0])])
    await settled()

    assert window.open_clients[0].texts() == [("a.py", "x")]


async def test_open_documents_have_an_index_where_the_only_folder_is_refused(folders, monkeypatch):
    monkeypatch.setenv("HOME", str(folders[0]))
    window = Window()
    window.start(folders[0])
    window.open(folders[0] / "a.py", "x")
    await settled()

    (client,) = window.clients
    assert client.root is None
    assert client.texts() == [(str(folders[0] / "a.py"), "x")]


async def test_changed_files_go_to_their_folders_and_others_nowhere(folders):
    window = Window()
    window.start(*folders)
    first, second = window.clients

    inside = [folders[0] / "a.py", folders[1] / "b", folders[0] / "c.py"]
    window.workspace.watched([uri(path) for path in [*inside, Path("/etc/hosts"), folders[0] / ".." / "x", folders[0]]])
    window.workspace.watched(["untitled:1"])

    assert first.named("watched") == [(["a.py", "c.py"],)]
    assert second.named("watched") == [(["b"],)]


async def test_very_many_changed_files_are_not_looked_at_one_by_one(folders):
    window = Window()
    window.start(*folders)

    window.workspace.watched([uri(folders[0] / str(number)) for number in range(workspace_module.MANY_AT_ONCE + 1)])

    assert [client.told for client in window.clients] == [[("look_again",)]] * 2


@pytest.mark.parametrize("told", [True, False])
async def test_an_index_watches_for_itself_where_the_editor_does_not_tell(folders, told):
    window = Window()
    window.start(folders[0], told_of_changes=told)
    (client,) = window.clients
    assert client.watches is not told

    window.workspace.told_of_changes(not told)

    assert client.named("watch") == [(told,)]


async def test_hits_of_all_folders_come_best_first(folders):
    window = Window()
    window.start(*folders)
    first, second = window.clients
    first.hits, second.hits = (hit("a", 3), hit("b", 1)), (hit("c", 2),)

    found = await window.workspace.search("x", limit=2)

    assert [(placed.root, placed.item.path) for placed in found] == [(folders[0], "a"), (folders[1], "c")]


async def test_the_state_is_that_of_the_folder_furthest_from_being_ready(folders):
    window = Window()
    window.start(*folders)
    first, second = window.clients

    first.become(IndexState("idle", n_files=3, n_chunks=5))
    assert window.states[-1].phase == "starting"
    assert window.workspace.available
    second.become(IndexState("indexing", 1, 4, 1, 2))
    assert window.states[-1] == IndexState("indexing", 1, 4, 4, 7)
    second.become(IndexState("failed", reason="No."))

    assert (window.states[-1].phase, window.states[-1].reason) == ("failed", "No.")


async def test_pausing_and_resuming_reaches_every_folder(folders):
    window = Window()
    window.start(*folders)
    window.workspace.pause()
    window.workspace.resume()

    assert [client.told for client in window.clients] == [[("pause",), ("resume",)]] * 2
