"""Run Python programs that a model has written a line of: each in a process of its own, with limits. This is no jail.

It keeps honest mistakes from doing harm: endless loops, endless lists, exits, a file that is opened for writing or removed, a
connection, another process. A program has a folder and an environment without anything of ours, and none of its output is read.
What refuses is Python's own audit hook inside the child, which a program that means harm gets around: what is to be kept safe
from such a one belongs on another machine.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

Outcome = Literal["passed", "failed", "crashed", "timeout"]

CPU_S, WALL_S, MEMORY_BYTES = 3, 20.0, 1 << 30

# What it has to say at the end is new each time, and said where the program does not print.
_CHILD = """
import os, resource, sys
cpu_s, memory_bytes, word = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
del sys.argv[1:]
for name, value in (("CPU", cpu_s), ("AS", memory_bytes), ("FSIZE", 0), ("CORE", 0), ("NPROC", 0)):
    resource.setrlimit(getattr(resource, "RLIMIT_" + name), (value, value))
program, said = sys.stdin.read(), os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
READING = {"os.listdir", "os.scandir", "os.walk", "os.fwalk", "os.getxattr", "os.listxattr"}
DOORS = {"os", "shutil", "subprocess", "socket", "pty", "fcntl", "syslog", "sqlite3", "ctypes", "mmap"}
MODULES = {"_ctypes", "_dbm", "_gdbm"}  # they say nothing to a hook when they write
def refuse(event, arguments, writing=WRITING, reading=READING, doors=DOORS, modules=MODULES, error=PermissionError):
    if event == "open":
        refused = arguments[2] & writing
    elif event == "import":
        refused = arguments[0] in modules
    else:
        refused = event == "signal.pthread_kill" or event.partition(".")[0] in doors and event not in reading
    if refused:
        raise error("a program that is measured may not do that: " + event)
sys.addaudithook(refuse)
try:
    exec(compile(program, "program", "exec"), {"__name__": "program"})
except BaseException:
    os._exit(1)
os.write(said, word.encode())
os._exit(0)
"""


def run_all(programs: Mapping[str, str], *, at_once: int = 2, cpu_s: int = CPU_S, wall_s: float = WALL_S) -> dict[str, Outcome]:
    """Run programs, several at once; return what became of each. One that ends itself early has failed."""
    with ThreadPoolExecutor(at_once) as pool:
        outcomes = pool.map(lambda program: run(program, cpu_s=cpu_s, wall_s=wall_s), programs.values())
        return dict(zip(programs, outcomes, strict=True))


def run(program: str, *, cpu_s: int = CPU_S, wall_s: float = WALL_S) -> Outcome:
    """Run one program to its end; its time is that of the processor, so that a busy machine changes nothing."""
    word = secrets.token_hex(8)
    with tempfile.TemporaryDirectory() as folder:
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", "-c", _CHILD, str(cpu_s), str(MEMORY_BYTES), word],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={},
            start_new_session=True,
        )
        try:
            said, _ = child.communicate(program.encode("utf-8", "replace"), wall_s)
        except subprocess.TimeoutExpired:
            return "timeout"
        finally:
            _end(child)
    if said == word.encode():
        return "passed"
    if child.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return "timeout"
    return "crashed" if child.returncode < 0 else "failed"


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child with what it has started, and let its pipes go."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()
