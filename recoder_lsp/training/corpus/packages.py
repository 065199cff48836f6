"""The packages of a corpus: which are asked for, and what became of each."""

from __future__ import annotations

import json
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

REGISTRIES = ("pypi", "npm", "debian")


@dataclass(frozen=True)
class Source:
    """One package to fetch: `registry` is `pypi`, `npm`, `debian` (a source package) or `stdlib`.

    `split` says that its folders count as packages: for a source package as large as a compiler.
    """

    registry: str
    name: str
    split: bool = False


@dataclass
class Package:
    """One row of the manifest. `refused` says why nothing of it was kept, `skipped` counts the files left out by reason.

    What is vendored in a Debian source package has a row of its own, named SOURCE/FOLDER: another author, another
    licence, another home. `sha256` is then that of the whole source package.
    """

    registry: str
    name: str
    version: str = ""
    licence: str = ""
    repository: str = ""
    sha256: str = ""
    n_files: int = 0
    size_bytes: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    refused: str = ""

    @property
    def key(self) -> str:
        """REGISTRY:NAME, which is what documents call their package."""
        return f"{self.registry}:{self.name}"

    def skip(self, reason: str, n_files: int = 1) -> None:
        """Count files that were left out."""
        self.skipped[reason] = self.skipped.get(reason, 0) + n_files


def read_sources(path: Path) -> list[Source]:
    """Read the list of packages, adding the standard library of the running Python."""
    table = tomllib.loads(path.read_text("utf-8"))
    split = set(table.get("split", ()))
    listed = [Source(registry, name, name in split) for registry in REGISTRIES for name in dict.fromkeys(table.get(registry, ()))]
    return [Source("stdlib", "python"), *listed]


def write_manifest(rows: list[Package], output: Path) -> None:
    """Write every row, those of refused packages included, under the Python that did it: its standard library is a source."""
    manifest = {
        "python": sys.version.split()[0],
        "packages": [row.__dict__ for row in rows],
        "total_bytes": sum(row.size_bytes for row in rows),
    }
    output.write_text(json.dumps(manifest, indent=1), "utf-8")


def write_shipped_manifest(manifest: Path, held_out: set[str], output: Path, earlier: Path | None = None) -> None:
    """Write the packages of which files were kept, one a line, as the list that ships beside the model.

    Args:
        manifest: The `manifest.json` of `build`.
        held_out: Packages kept for measuring, as REGISTRY:NAME.
        output: The JSON file to write.
        earlier: The list of the edition before, which may be `output`: what it has and this one has not is written after the
            others as `"earlier_edition": true`, since the weights may go back to it.
    """
    lines, written = [], set()
    before = json.loads(earlier.read_text("utf-8")) if earlier is not None and earlier.exists() else []
    for row in json.loads(manifest.read_text("utf-8"))["packages"]:
        if row["n_files"]:
            shipped = {name: value for name, value in row.items() if name not in ("skipped", "refused")}
            lines.append(json.dumps({**shipped, "held_out": f"{row['registry']}:{row['name']}" in held_out}))
            written.add((row["registry"], row["name"]))
    lines += [json.dumps({**row, "earlier_edition": True}) for row in before if (row["registry"], row["name"]) not in written]
    output.write_text("[\n" + ",\n".join(lines) + "\n]\n", "utf-8")
