"""The server as a child process, spoken to over stdio in the few messages that an editor needs."""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from typing import IO, Any

from recoder_lsp.errors import RecoderError

COMMAND = (sys.executable, "-m", "recoder_lsp")
PATIENCE_S = 15.0


class ServerProcess:
    """Starts `recoder-lsp` when made; entering and leaving bounds its life. A server that is silent for long is ended."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        # What is typed by a program says nothing about the user.
        environ = os.environ | {"RECODER_COMPLETION__LEARN": "false"}
        self._process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr, env=environ)
        self._ids = itertools.count(1)
        self._asked_at: float | None = None
        self._patience_s = patience_s
        self._left = threading.Event()

    def __enter__(self) -> "ServerProcess":
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        try:
            if error[0] is None:
                self.ask("shutdown", None)
                self.tell("exit", None)
                self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._left.set()
            self._process.kill()
            self._process.wait()
            self._pipe(self._process.stdout).close()
            self._stderr.close()

    @property
    def process_id(self) -> int:
        return self._process.pid

    def tell(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        """Send a request and return its result; what the server asks meanwhile is answered with null.

        Raises:
            RecoderError: The server answered with an error, or ended.
        """
        request_id = next(self._ids)
        self._asked_at = time.monotonic()
        self._send({"id": request_id, "method": method, "params": params})
        while True:
            message = self._receive()
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": None})
            elif message.get("id") == request_id:
                self._asked_at = None
                if "error" in message:
                    raise RecoderError(f"The server answered {method} with an error: {message['error']['message']}")
                return message["result"]

    def _watch(self) -> None:
        # Reading blocks, and a pipe cannot be read with a time limit on every system: whoever waits is freed by the end of the server.
        while not self._left.wait(0.5):
            asked_at = self._asked_at
            if asked_at is not None and time.monotonic() - asked_at > self._patience_s:
                self._process.kill()

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stdin = self._pipe(self._process.stdin)
        try:
            stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            stdin.flush()
        except OSError as error:
            raise self._ended() from error

    def _receive(self) -> dict[str, Any]:
        stdout = self._pipe(self._process.stdout)
        length = 0
        while (header := stdout.readline()) not in (b"\r\n", b""):
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        body = stdout.read(length)
        if not body:
            raise self._ended()
        message: dict[str, Any] = json.loads(body)
        return message

    def _ended(self) -> RecoderError:
        self._process.kill()
        self._process.wait()
        self._stderr.seek(0)
        last_words = self._stderr.read().decode(errors="replace").strip().splitlines()[-5:]
        return RecoderError("The server ended before it answered.", "\n".join(last_words) or "`recoder-lsp doctor` may say why.")

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None, "all pipes were asked for"
        return pipe
