"""Cut a file into parts small enough to travel, and put it together again, whole or not at all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

PART_BYTES = 15_500_000
SUM = "sha256.txt"


def split(path: Path, folder: Path, part_bytes: int = PART_BYTES) -> list[Path]:
    """Write `folder/part-000.bin` and so on, and the sum of the whole; return the parts in order."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("part-*.bin"):
        old.unlink()
    parts: list[Path] = []
    whole = hashlib.sha256()
    with path.open("rb") as source:
        while content := source.read(part_bytes):
            whole.update(content)
            parts.append(folder / f"part-{len(parts):03}.bin")
            parts[-1].write_bytes(content)
    (folder / SUM).write_text(whole.hexdigest() + "\n")
    return parts


def join(folder: Path, path: Path) -> None:
    """Write the file that `split` was given.

    Raises:
        ValueError: A part is missing or damaged. `path` is as it was.
    """
    partial, whole = path.with_name(path.name + ".partial"), hashlib.sha256()
    with partial.open("wb") as target:
        for part in sorted(folder.glob("part-*.bin")):
            content = part.read_bytes()
            whole.update(content)
            target.write(content)
    sum_file = folder / SUM
    if not sum_file.exists() or whole.hexdigest() != sum_file.read_text().strip():
        partial.unlink()
        raise ValueError(f"The parts in {folder} are not all there, or not as they were written. Copy them again.")
    os.replace(partial, path)
