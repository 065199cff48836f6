"""A program between an editor and its server, which writes down what they say: `overhearing.py FILE COMMAND...`."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from recoder_lsp.server.frames import encode_frame, read_frames


def main(file: str, *command: str) -> None:
    """Pass everything on, in both directions, until one side has nothing more to say."""
    with open(file, "a", encoding="utf-8") as heard, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin
        assert server.stdout

        lock = threading.Lock()

        def pass_on(who: str, read: Callable[[int], bytes], to: IO[bytes]) -> None:
            # Whoever hangs up, the other one is told by the end of its own input.
            with contextlib.suppress(OSError):
                for frame in read_frames(read):
                    assert isinstance(frame, bytes)
                    message = json.loads(frame)
                    with lock:
                        heard.write(json.dumps({"who": who, **message}) + "\n")
                        heard.flush()
                    to.write(encode_frame(message))
                    to.flush()

        def of_server(read: Callable[[int], bytes]) -> None:
            pass_on("server", read, sys.stdout.buffer)
            # The editor is to see that it is gone.
            os._exit(server.wait())

        threading.Thread(target=of_server, args=(lambda n: os.read(server.stdout.fileno(), n),), daemon=True).start()
        pass_on("editor", lambda n: os.read(sys.stdin.fileno(), n), server.stdin)
        with contextlib.suppress(OSError):
            server.stdin.close()
        server.wait()


def heard(file: Path) -> list[dict[str, Any]]:
    """What was said so far, each message with `who` said it; a line that is being written is left out."""
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")]


if __name__ == "__main__":
    main(*sys.argv[1:])
