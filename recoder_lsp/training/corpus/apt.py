"""Fetches Debian source packages with apt, in folders of its own: the system's apt is left as it is."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

# Its mirrors are asked for sources too.
SYSTEM = Path("/etc/apt")
NAMES_IN_A_CALL = 40
TIMEOUT_S = 1800


def fetch(folders: Mapping[str, Path], work: Path) -> None:
    """Fetch source packages that have no folder yet. One that cannot be had has none afterwards either.

    Args:
        folders: Where each package goes, by its name.
        work: Folder for apt's lists, which are fetched once, and for what is on its way.
    """
    missing = [name for name, folder in folders.items() if not folder.exists()]
    if not missing or not shutil.which("apt-get"):
        return
    configuration = _configure(work.resolve(), SYSTEM)
    if not any((work / "lists").glob("*Sources*")):
        _run(["update"], work, configuration)
    for start in range(0, len(missing), NAMES_IN_A_CALL):
        names = missing[start : start + NAMES_IN_A_CALL]
        if not _fetched(names, folders, work / "incoming", configuration):
            # One name that apt does not know fails the whole call.
            for name in names:
                _fetched([name], folders, work / "incoming", configuration)


def _configure(work: Path, system: Path) -> Path:
    """Write apt's configuration: the mirrors that the system uses, and private folders for everything that apt writes."""
    mirrors = work / "sources"
    for folder in (mirrors, work / "lists" / "partial", work / "cache" / "archives" / "partial", work / "incoming"):
        folder.mkdir(parents=True, exist_ok=True)
    for path in [system / "sources.list", *sorted((system / "sources.list.d").glob("*"))]:
        if path.suffix in (".list", ".sources") and path.is_file():
            text = re.sub(r"^deb(?=\s)", "deb-src", path.read_text("utf-8"), flags=re.MULTILINE)
            (mirrors / path.name).write_text(re.sub(r"^Types:.*$", "Types: deb-src", text, flags=re.MULTILINE), "utf-8")
    settings = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": mirrors,
        "Dir::State::Lists": work / "lists",
        "Dir::Cache": work / "cache",
    }
    configuration = work / "apt.conf"
    configuration.write_text("".join(f'{name} "{value}";\n' for name, value in settings.items()), "utf-8")
    return configuration


def _fetched(names: Sequence[str], folders: Mapping[str, Path], incoming: Path, configuration: Path) -> int:
    """Fetch packages in one call, move those that arrived whole to their folders and return how many did."""
    _run(["source", "--download-only", "-qq", *names], incoming, configuration)
    arrived = 0
    for description in sorted(incoming.glob("*.dsc")):
        text = description.read_text("utf-8", "replace")
        source = re.search(r"^Source: (\S+)", text, re.MULTILINE)
        files = [incoming / name for name in set(re.findall(r"^ [0-9a-f]{64} \d+ (\S+)$", text, re.MULTILINE))]
        target = folders.get(source[1]) if source else None
        if target and not target.exists() and all(file.exists() for file in files):
            # To its name when it is whole: half a package would never be fetched again.
            partial = target.with_name(target.name + ".partial")
            partial.mkdir(parents=True, exist_ok=True)
            for file in (*files, description):
                file.rename(partial / file.name)
            partial.rename(target)
            arrived += 1
    return arrived


def _run(arguments: list[str], folder: Path, configuration: Path) -> None:
    environment = {**os.environ, "APT_CONFIG": str(configuration)}
    # A package that could not be fetched, or not in time, is missed by its files; apt's own exit code is about all of them.
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(["apt-get", *arguments], cwd=folder, env=environment, capture_output=True, check=False, timeout=TIMEOUT_S)
