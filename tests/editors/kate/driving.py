"""A real Kate on a screen of its own, and what it and the server say to each other."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tests.editors.kate import overhearing, vnc
from tests.editors.kate.installing import Kate as Installed

T = TypeVar("T")
WIDTH, HEIGHT = 900, 560
SETTINGS = Path(__file__).parents[3] / "editors" / "kate" / "settings.json"
KATERC = """[General]
Show welcome view for new window=false

[MainWindow]
1 screens: Height={height}
1 screens: Width={width}
{width}x{height} screen: Height={height}
{width}x{height} screen: Width={width}

[Kate Plugins]
lspclientplugin=true

[KTextEditor Document]
Swap File Mode=0

[KTextEditor Renderer]
Text Font=DejaVu Sans Mono,11,-1,5,50,0,0,0,0,0

[KTextEditor View]
Auto Brackets=false
Keyword Completion=false
Word Completion=false

[lspclient]
AllowedServerCommandLines={command}
"""
KDEGLOBALS = """[General]
font=DejaVu Sans,10,-1,5,50,0,0,0,0,0
fixed=DejaVu Sans Mono,10,-1,5,50,0,0,0,0,0

[KDE]
widgetStyle=Fusion
"""


class Kate:
    """A Kate with one file open, and our settings for it; killed by `with` where it has not ended."""

    def __init__(
        self, installed: Installed, folder: Path, file: Path, settings: dict[str, Any], server: Sequence[str] | None = None
    ) -> None:
        """Start it.

        Args:
            installed: Which one.
            folder: For its settings, those of the server, and what is overheard; new and short: sockets will lie there.
            file: What is opened.
            settings: Of the server.
            server: What is started in the place of the server.
        """
        self.folder, self.file = folder, file
        self.home = folder / "recoder"
        self.heard_in = folder / "heard.jsonl"
        overheard = (sys.executable, overhearing.__file__, str(self.heard_in), sys.executable, "-m", "recoder_lsp")
        self.server = tuple(server or overheard)
        self.configure(settings)
        port = vnc.free_port()
        own = {**os.environ, **installed.environ(folder, port, WIDTH, HEIGHT), "RECODER_HOME": str(self.home)}
        own["RECODER_INDEX__ENABLED"] = "true"
        with contextlib.ExitStack() as life:
            bus = life.enter_context(_started(installed.bus(folder), own, stdout=subprocess.PIPE, text=True))
            assert bus.stdout
            own["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().strip()
            self.process = life.enter_context(
                _started((*installed.command("usr/bin/kate"), "-n", str(file)), own, stdout=subprocess.DEVNULL)
            )
            self.screen = life.enter_context(vnc.connected(port))
            self._life = life.pop_all()

    def __enter__(self) -> "Kate":
        return self

    def __exit__(self, *_: object) -> None:
        self._life.close()

    def configure(self, settings: dict[str, Any]) -> None:
        """Write Kate's settings with ours, as docs/editors/kate.md says, and these settings of the server."""
        ours = json.loads(SETTINGS.read_text(encoding="utf-8"))
        ours["servers"]["python"] |= {"command": self.server, "settings": {"recoder": settings}}
        config = self.folder / "config"
        (config / "kate" / "lspclient").mkdir(parents=True, exist_ok=True)
        (config / "katerc").write_text(KATERC.format(command=" ".join(self.server), width=WIDTH, height=HEIGHT), encoding="utf-8")
        (config / "kdeglobals").write_text(KDEGLOBALS, encoding="utf-8")
        (config / "kate" / "lspclient" / "settings.json").write_text(json.dumps(ours), encoding="utf-8")

    # -- what is done

    def type(self, keys: str) -> None:
        self.screen.type(keys)

    def saved(self, wanted: Callable[[str], bool]) -> str:
        """The text of the file once it is saved and as wanted."""

        def text() -> str:
            self.type("<C-s>")
            now = self.file.read_text(encoding="utf-8")
            return now if wanted(now) else ""

        return self.until(text, f"such a text; it is {self.file.read_text(encoding='utf-8')!r}")

    def offered(self, wanted: Callable[[dict[str, Any]], bool]) -> tuple[int, dict[str, Any]]:
        """Ask for completions by hand until such an item is in the menu; how many stand above it, and the item."""

        def found() -> tuple[int, dict[str, Any]] | None:
            before, shown = self.n_said(), self.screen.pixels()
            self.type("<C-Space>")
            items = sorted(self.until_answered("textDocument/completion", before)["items"], key=lambda item: item["sortText"])
            place = next((place for place, item in enumerate(items) if wanted(item)), None)
            if place is None:
                self.type("<Esc>")
                return None
            self.screen.until_changed(shown)
            return place, items[place]

        offered = self.until(found, "such an item")
        assert offered
        return offered

    def act(self, title: str) -> None:
        """Choose this code action at the cursor, once there is such a one."""

        def chosen() -> bool:
            before, shown = self.n_said(), self.screen.pixels()
            self.type("<M-CR>")
            titles = [action["title"] for action in self.until_answered("textDocument/codeAction", before)]
            self.screen.until_changed(shown)
            self.type("<Down>" * titles.index(title) + "<Down><CR>" if title in titles else "<Esc>")
            return title in titles

        self.until(chosen, title)

    def quit(self) -> int:
        """Leave as users do; the exit code."""
        self.type("<C-q>")
        return self.process.wait(vnc.TIMEOUT_S)

    # -- what is said

    def n_said(self) -> int:
        """How many messages there were so far, from both sides."""
        return len(overhearing.heard(self.heard_in))

    def until_said(self, who: str, method: str, since: int = 0, wanted: Callable[[Any], object] = lambda params: True) -> Any:
        """The parameters of the first such message after so many others."""

        def said() -> tuple[Any] | None:
            later = overhearing.heard(self.heard_in)[since:]
            of_these = (each.get("params") for each in later if each["who"] == who and each.get("method") == method)
            return next(((params,) for params in of_these if wanted(params)), None)

        return self.until(said, f"{method} from the {who}")[0]

    def answers(self, method: str, since: int = 0) -> list[Any]:
        """The results of such requests of the editor that were made after so many other messages."""
        later = overhearing.heard(self.heard_in)[since:]
        asked = [each["id"] for each in later if each["who"] == "editor" and each.get("method") == method and "id" in each]
        return [each["result"] for each in later if each["who"] == "server" and each.get("id") in asked and "result" in each]

    def until_answered(self, method: str, since: int = 0) -> Any:
        """The first of them."""
        return self.until(lambda: self.answers(method, since), f"an answer to {method}")[0]

    def until(self, wanted: Callable[[], T], what: str) -> T:
        """What this is once it is true."""
        try:
            return vnc.until(wanted, what)
        except AssertionError as error:
            shown = self.folder / "screen.png"
            shown.write_bytes(self.screen.as_png())
            last = [str({key: each[key] for key in each if key != "jsonrpc"})[:200] for each in overhearing.heard(self.heard_in)[-10:]]
            raise AssertionError(f"{error} The screen: {shown}. What was said last:\n" + "\n".join(last)) from error


@contextlib.contextmanager
def _started(command: Sequence[str], environ: dict[str, str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A program, killed at the end with all that it has started."""
    process = subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL, start_new_session=True, **options)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout:
            process.stdout.close()
