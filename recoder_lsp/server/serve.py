"""Ways to be reached: stdio for editors, TCP for debugging. Both end with an exit code."""

import asyncio
import contextlib
import ipaddress
import logging
import os
import socket
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

from recoder_lsp import logs
from recoder_lsp.config import Settings
from recoder_lsp.errors import RecoderError
from recoder_lsp.server.frames import BrokenFrame, read_frames
from recoder_lsp.server.protocol import Server

if TYPE_CHECKING:
    from recoder_lsp.app import App

    BuildApp = Callable[[Settings], App]

INTERRUPTED = 130
ENGINE_THREAD = "recoder-engine"


def serve_stdio(build_app: "BuildApp | None" = None) -> int:
    """Serve the editor that started this process; return the process's exit code. Takes over stdin and stdout."""
    frames = logs.guard_stdout()
    logs.configure("warning", None)
    return _serve(_guard_stdin().read, _writer(frames), build_app)


def serve_tcp(host: str, port: int, allow_remote: bool, build_app: "BuildApp | None" = None) -> int:
    """Serve one editor that connects, and return the exit code. There is no password: others could read your code.

    Raises:
        RecoderError: The host is not this machine and `allow_remote` is false, or the port cannot be had.
    """
    if not (allow_remote or _is_loopback(host)):
        raise RecoderError(f"{host} can be reached from other machines.", "Use 127.0.0.1, or allow remote connections if you mean it.")
    logs.configure("warning", None)
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise RecoderError(f"Cannot listen on {host}:{port}: {error.strerror}.", "Choose another port.") from error
    with listener:
        print(f"Listening on {host}:{listener.getsockname()[1]}", file=sys.stderr, flush=True)
        connection, _ = listener.accept()
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _serve(connection.recv, connection.sendall, build_app)


def _serve(read: Callable[[int], bytes], write: Callable[[bytes], None], build_app: "BuildApp | None") -> int:
    try:
        code, stopped = asyncio.run(_converse(read, write, build_app))
    except KeyboardInterrupt:
        return INTERRUPTED
    if not stopped or any(thread.name == ENGINE_THREAD for thread in threading.enumerate()):
        # A thread still computes in native code; an orderly end of the interpreter could crash under it.
        logging.shutdown()
        os._exit(code)
    return code


async def _converse(read: Callable[[int], bytes], write: Callable[[bytes], None], build_app: "BuildApp | None") -> tuple[int, bool]:
    """Talk until the editor leaves. Returns the exit code, and whether everything stopped in time."""
    protocol = Server(build_app).protocol
    finished = protocol.connect(write)
    loop = asyncio.get_running_loop()
    # A thread of its own, and a daemon: reading blocks, and nothing may wait for it at the end.
    threading.Thread(target=_pump, args=(read, loop, protocol.receive, protocol.finish), name="recoder-input", daemon=True).start()
    try:
        code = await finished
    except asyncio.CancelledError:
        # An interrupt from the keyboard: asyncio.run cancels this, its outermost task. What was started is still to be stopped.
        code = INTERRUPTED
    return code, await protocol.close()


def _pump(
    read: Callable[[int], bytes],
    loop: asyncio.AbstractEventLoop,
    receive: Callable[[bytes | BrokenFrame], None],
    finish: Callable[[], None],
) -> None:
    # RuntimeError: the loop is closed already, because something else ended the conversation.
    with contextlib.suppress(RuntimeError):
        for frame in read_frames(read):
            loop.call_soon_threadsafe(receive, frame)
        loop.call_soon_threadsafe(finish)


def _guard_stdin() -> BinaryIO:
    """The real stdin, unbuffered; whoever else reads from stdin, such as a child process, finds nothing there."""
    frames_fd = os.dup(0)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(frames_fd, os.O_BINARY)
    # Unbuffered, because a thread that waits in a buffered stdin aborts the interpreter at its end.
    return os.fdopen(frames_fd, "rb", buffering=0)


def _writer(stream: BinaryIO) -> Callable[[bytes], None]:
    def write(frame: bytes) -> None:
        try:
            stream.write(frame)
            stream.flush()
        except OSError:
            # Closed, so that the interpreter does not try to flush the rest at its end.
            with contextlib.suppress(OSError):
                stream.close()
            raise

    return write


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
