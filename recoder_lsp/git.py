"""The only place that asks Git: for the differences to what is committed, and for who changed some lines when. Never over a network."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 3.0
MOST_BYTES = 1 << 20
"""Of an answer more is not read."""

# Configuration comes with a folder, and may name programs: none of them is run. Filters are asked for, for their names can be anything.
_NO_PROGRAMS = (
    *("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "diff.external=", "-c", "core.pager=cat"),
    *("-c", "submodule.recurse=false", "-c", "diff.ignoreSubmodules=all", "-c", "core.quotePath=false"),
)
_FILTERS = ("config", "--show-scope", "--name-only", "--get-regexp", r"^filter\..*\.(clean|smudge|process)$")
_OF_THE_USER = ("system", "global")
# No lock is taken, nobody is asked for a password, and what a partial clone lacks is not fetched.
_ENVIRONMENT = {
    **{"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "", "GIT_NO_LAZY_FETCH": "1"},
    **{"LC_ALL": "C", "GIT_CONFIG_COUNT": "0"},
}
_COMMIT = re.compile(r"([0-9a-f]{40,64}) \d+ \d+(?: \d+)?")


@dataclass(frozen=True)
class LastChange:
    """When some lines were changed last. Not committed yet: now, by nobody, without a summary."""

    changed_at_s: float
    """Seconds since 1970."""
    author_initials: str
    summary: str
    """The first line of the commit's message."""
    is_committed: bool = True

    @property
    def age_s(self) -> float:
        """How long ago that was."""
        return max(time.time() - self.changed_at_s, 0.0)


async def root_of(path: Path) -> Path | None:
    """Return the work tree that a file or folder is in; None for one that is in none, or where there is no Git."""
    answer = await _ask(_folder_of(path), "rev-parse", "--show-toplevel")
    return Path(answer.rstrip("\n")) if answer and answer.strip() else None


async def diff(folder: Path, *, staged: bool) -> str:
    """Return what differs in tracked files, as a patch: from the last commit to the index, or from the index to the files.

    It may hold secrets and anything else that a file may; it ends early, with a whole line, where it is longer than MOST_BYTES.
    """
    options = ("--no-ext-diff", "--no-textconv", "--no-color", "--find-renames", *(["--cached"] if staged else []))
    return await _ask_about_files(folder, "diff", *options) or ""


async def subjects(folder: Path, n: int) -> tuple[str, ...]:
    """Return the first lines of the newest messages here, to see how they are written; merges are left out."""
    answer = await _ask(folder, "-c", "log.showSignature=false", "log", f"--max-count={n}", "--no-merges", "--no-color", "--format=%s")
    return tuple(line for line in (answer or "").split("\n") if line)


async def last_change(path: Path, first_line: int, last_line: int, text: str | None = None) -> LastChange | None:
    """Return the newest change of some lines of a file; None where the file is not tracked, or the history is too long to be searched.

    Args:
        path: The file.
        first_line: From 0.
        last_line: Inclusive.
        text: The file as the editor has it, where that is not what is on disk.
    """
    options = [
        "--porcelain",
        "--no-textconv",
        "-L",
        f"{first_line + 1},{last_line + 1}",
        *(["--contents", "-"] if text is not None else []),
    ]
    answer = await _ask_about_files(path.parent, "blame", *options, "--", path.name, text=text)
    return _newest(answer) if answer else None


def _newest(porcelain: str) -> LastChange | None:
    """The newest commit of what `git blame --porcelain` says."""
    newest: LastChange | None = None
    commit, author, at_s = "", "", 0.0
    for line in porcelain.split("\n"):
        name, _, value = line.partition(" ")
        if begins := _COMMIT.fullmatch(line):
            commit = begins[1]
        elif name == "author":
            author = value
        elif name == "author-time" and value.isdecimal():
            at_s = float(value)
        elif name == "summary":
            if not commit.strip("0"):
                return LastChange(time.time(), "", "", is_committed=False)
            if newest is None or at_s > newest.changed_at_s:
                newest = LastChange(at_s, _initials(author), value)
    return newest


def _initials(author: str) -> str:
    return "".join(part[0] for part in re.findall(r"[^\W\d_]+", author.partition("@")[0])[:3]).upper()


async def _ask_about_files(folder: Path, command: str, *options: str, text: str | None = None) -> str | None:
    """Ask what makes Git read files, with the filters of the folder's own configuration turned off."""
    filters = await _ask(folder, *_FILTERS) or ""
    scoped = (line.split("\t", 1) for line in filters.splitlines() if "\t" in line)
    off = [part for scope, name in scoped if scope not in _OF_THE_USER for part in ("-c", f"{name}=")]
    return await _ask(folder, *off, command, *options, text=text)


async def _ask(folder: Path, *arguments: str, text: str | None = None) -> str | None:
    """What Git answers; None if it fails, takes too long, or is not there."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        process = await asyncio.create_subprocess_exec(
            *("git", "--no-pager", "--literal-pathspecs", *_NO_PROGRAMS, *arguments),
            cwd=folder,
            env={**environment, **_ENVIRONMENT},
            stdin=asyncio.subprocess.PIPE if text is not None else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(TIMEOUT_S):
            _, answer = await asyncio.gather(_written(process, text), _read(process))
            if len(answer) > MOST_BYTES:
                return answer[: answer.rfind(b"\n", 0, MOST_BYTES) + 1].decode("utf-8", "replace")
            return answer.decode("utf-8", "replace") if await process.wait() == 0 else None
    except TimeoutError:
        return None
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _written(process: asyncio.subprocess.Process, text: str | None) -> None:
    if process.stdin is not None and text is not None:
        process.stdin.write(text.encode("utf-8", "surrogatepass"))
        with contextlib.suppress(ConnectionError):
            await process.stdin.drain()
        process.stdin.close()


async def _read(process: asyncio.subprocess.Process) -> bytes:
    pieces, n_bytes = list[bytes](), 0
    assert process.stdout is not None
    while n_bytes <= MOST_BYTES and (piece := await process.stdout.read(1 << 16)):
        pieces.append(piece)
        n_bytes += len(piece)
    return b"".join(pieces)


def _folder_of(path: Path) -> Path:
    return path if path.is_dir() else path.parent
