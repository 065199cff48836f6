"""The tokenised corpus: token arrays of all files, and what their files have to do with each other.

Offsets of relations are bytes, so that a sample made of them needs the lengths of the tokens and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from recoder_lsp.training import parts
from recoder_lsp.training.packing import Integers, packed, unpacked

Tokens = npt.NDArray[Any]
"""Unsigned, of two bytes where the vocabulary allows it."""


@dataclass(frozen=True)
class Relations:
    """The relations of all files, one table for each kind; files in the order of the shards."""

    sizes: Integers
    """Bytes of each file. A file whose tokens spell something of another size has offsets that are worth nothing."""
    definitions: Integers
    """(n, 5): start, end, end of the name, start and end of the documentation (0, 0 for none)."""
    definition_starts: Integers
    uses: Integers
    """(n, 2): offset, and which definition (a row of the whole table), which is of another file of the package."""
    use_starts: Integers
    imports: Integers
    """(n, 2): start and end of an import statement, whole lines."""
    import_starts: Integers
    near: Integers
    """(files, NEAR_FILES): files of the package that share most rare names, -1 where there are no more."""

    def definitions_of(self, file: int) -> Integers:
        """The definitions of one file."""
        return self.definitions[self.definition_starts[file] : self.definition_starts[file + 1]]

    def uses_of(self, file: int) -> Integers:
        """What one file uses of other files."""
        return self.uses[self.use_starts[file] : self.use_starts[file + 1]]

    def imports_of(self, file: int) -> Integers:
        """The import statements of one file."""
        return self.imports[self.import_starts[file] : self.import_starts[file + 1]]

    def file_of(self, definition: int) -> int:
        """Which file a definition is of."""
        return int(np.searchsorted(self.definition_starts, definition, "right")) - 1


@dataclass(frozen=True)
class Shards:
    """A tokenised corpus: all files in one array, cut by `starts` (n + 1 entries)."""

    tokens: Tokens
    starts: Integers
    packages: Integers
    paths: list[str]
    size_bytes: int
    relations: Relations

    def file(self, index: int) -> Tokens:
        """Return the tokens of one file."""
        return self.tokens[self.starts[index] : self.starts[index + 1]]

    def save(self, path: Path, *, compressed: bool = True) -> None:
        """Write the shards as one NumPy archive: compressed, which takes longer than to read it back, or as it is."""
        (np.savez_compressed if compressed else np.savez)(path, **self._arrays())

    @classmethod
    def load(cls, path: Path) -> Shards:
        """Read what `save` wrote."""
        with np.load(path) as stored:
            return cls._of_arrays(dict(stored))

    def save_parts(self, folder: Path, part_bytes: int = parts.PART_BYTES) -> list[Path]:
        """Write the shards as small as they get, cut by `parts.split`; return the parts in order."""
        with TemporaryDirectory() as own:
            whole = Path(own) / "shards"
            whole.write_bytes(packed(self._arrays()))
            return parts.split(whole, folder, part_bytes)

    @classmethod
    def load_parts(cls, folder: Path) -> Shards:
        """Read what `save_parts` wrote.

        Raises:
            ValueError: A part is missing or damaged.
        """
        with TemporaryDirectory() as own:
            whole = Path(own) / "shards"
            parts.join(folder, whole)
            return cls._of_arrays(unpacked(whole.read_bytes()))

    def _arrays(self) -> dict[str, Any]:
        own = {"tokens": self.tokens, "starts": self.starts, "packages": self.packages, "size_bytes": np.array(self.size_bytes)}
        return {**own, "paths": _as_bytes(self.paths), **{name.name: getattr(self.relations, name.name) for name in fields(Relations)}}

    @classmethod
    def _of_arrays(cls, arrays: dict[str, Any]) -> Shards:
        relations = Relations(*(arrays[name.name] for name in fields(Relations)))
        paths = arrays["paths"].tobytes().decode("utf-8", "surrogatepass").split("\n") if arrays["paths"].size else []
        return cls(arrays["tokens"], arrays["starts"], arrays["packages"], paths, int(arrays["size_bytes"]), relations)


def _as_bytes(paths: list[str]) -> npt.NDArray[np.uint8]:
    return np.frombuffer("\n".join(paths).encode("utf-8", "surrogatepass"), np.uint8)
