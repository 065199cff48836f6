"""Two ways to talk to the server without being polite: `Conversation` in this process, `Editor` to a real one."""

import asyncio
import json
import os
import queue
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from recoder_lsp.server.frames import BrokenFrame, decode_body, encode_frame, read_frames
from recoder_lsp.server.protocol import Server
from tests.server.fake_app import FakeApp

ROOT = Path(__file__).parents[2]
URI = "file:///work/example.py"
TIMEOUT_S = 20.0
CLIENT: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}


def request(request_id: Any, method: str, params: Any = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


def notification(method: str, params: Any = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params}


def opened(text: str, uri: str = URI, version: int = 1) -> dict[str, Any]:
    return notification("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "python", "version": version, "text": text}})


def changed(*changes: Mapping[str, Any], uri: str = URI, version: Any = 2) -> dict[str, Any]:
    return notification("textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": list(changes)})


def at(line: int, character: int, uri: str = URI, **more: Any) -> dict[str, Any]:
    """Parameters of an inline completion or completion request."""
    place = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
    return {**place, "context": {"triggerKind": 1}, **more}


class Conversation:
    """The server's protocol with a fake app, spoken to message by message; must live inside a running loop."""

    def __init__(self) -> None:
        self.apps: list[FakeApp] = []
        self.server = Server(self._build)
        self.protocol = self.server.protocol
        self.sent: list[dict[str, Any]] = []
        self.finished = self.protocol.connect(self._write)
        self._wrote = asyncio.Event()

    @property
    def app(self) -> FakeApp:
        return self.apps[-1]

    def _build(self, settings: Any) -> Any:
        self.apps.append(FakeApp(settings))
        return self.app

    def _write(self, frame: bytes) -> None:
        self.sent.append(json.loads(frame.partition(b"\r\n\r\n")[2]))
        self._wrote.set()

    def say(self, message: Any) -> None:
        self.protocol.receive(message if isinstance(message, bytes | BrokenFrame) else json.dumps(message).encode())

    def initialize(self, **params: Any) -> dict[str, Any]:
        self.say(request("initialize", "initialize", CLIENT | params))
        result = self.sent.pop()["result"]
        self.say(notification("initialized", {}))
        return result

    async def answers(self, request_id: Any) -> list[dict[str, Any]]:
        """All answers with this id, once everything that can happen without the outside has happened."""
        await settled()
        return [message for message in self.sent if "method" not in message and message["id"] == request_id]

    async def ask(self, method: str, params: Any = None, request_id: Any = "ask") -> Any:
        """The one answer to this request: its result, or its error."""
        self.sent = [message for message in self.sent if message.get("id") != request_id]
        self.say(request(request_id, method, params))
        (answer,) = await self.answers(request_id)
        return answer["error"] if "error" in answer else answer["result"]

    async def heard(self, wanted: Callable[[dict[str, Any]], bool], n: int = 1) -> list[dict[str, Any]]:
        """The first messages that are wanted, once there are so many, also by what other threads do."""
        async with asyncio.timeout(TIMEOUT_S):
            while len(found := [message for message in self.sent if wanted(message)]) < n:
                self._wrote.clear()
                await self._wrote.wait()
        return found

    def said_by_server(self, method: str) -> list[dict[str, Any]]:
        return [message for message in self.sent if message.get("method") == method]


async def settled(n_turns: int = 20) -> None:
    """Let the loop turn often enough for tasks that wait for nothing to end."""
    for _ in range(n_turns):
        await asyncio.sleep(0)


class Editor:
    """A server process, and raw access to its two pipes."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, **(environ or {})},
        )
        assert self.process.stdin
        assert self.process.stdout
        assert self.process.stderr
        self._stdin, self._stdout, self._stderr = self.process.stdin, self.process.stdout, self.process.stderr
        self.errors = b""
        self.unreadable: list[BrokenFrame] = []
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._read_messages, self._read_errors)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> "Editor":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(TIMEOUT_S)
        for thread in self._threads:
            thread.join(TIMEOUT_S)
        for stream in (self._stdin, self._stdout, self._stderr):
            try:
                stream.close()
            except OSError:
                continue

    def say(self, *messages: Any) -> None:
        """Send messages, or bytes as they are, in one write."""
        self._stdin.write(b"".join(message if isinstance(message, bytes) else encode_frame(message) for message in messages))
        self._stdin.flush()

    def hear(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next message that is wanted; what comes before it is dropped."""
        while (message := self._messages.get(timeout=TIMEOUT_S)) is not None:
            if wanted(message):
                return message
        raise EOFError(f"The server closed its output. It had said:\n{self.errors.decode(errors='replace')}")

    def answer_to(self, request_id: Any) -> dict[str, Any]:
        return self.hear(lambda message: "method" not in message and message.get("id") == request_id)

    def ask(self, method: str, params: Any = None, request_id: Any = "ask") -> dict[str, Any]:
        self.say(request(request_id, method, params))
        return self.answer_to(request_id)

    def initialize(self, **params: Any) -> dict[str, Any]:
        answer = self.ask("initialize", CLIENT | params)
        self.say(notification("initialized", {}))
        return answer["result"]

    def hang_up(self) -> None:
        self._stdin.close()

    def exit_code(self) -> int:
        return self.process.wait(TIMEOUT_S)

    def stderr_at_the_end(self) -> str:
        self._threads[1].join(TIMEOUT_S)
        return self.errors.decode(errors="replace")

    def _read_messages(self) -> None:
        for frame in read_frames(self._stdout.raw.read):  # type: ignore[attr-defined]
            if isinstance(frame, BrokenFrame):
                self.unreadable.append(frame)
            else:
                self._messages.put(decode_body(frame))
        self._messages.put(None)

    def _read_errors(self) -> None:
        while block := self._stderr.read1():  # type: ignore[attr-defined]
            self.errors += block
