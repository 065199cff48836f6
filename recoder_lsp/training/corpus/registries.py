"""Fetches packages with their package managers and reads what arrived: no code of a package is run."""

from __future__ import annotations

import hashlib
import json
import lzma
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

from recoder_lsp.training.corpus import apt, archives, debian
from recoder_lsp.training.corpus.documents import LANGUAGES
from recoder_lsp.training.corpus.exclusions import Exclusions, repositories
from recoder_lsp.training.corpus.packages import Package, Source
from recoder_lsp.training.corpus.paths import MAX_FILE_BYTES

Files = list[tuple[str, bytes]]

DOWNLOADS_AT_A_TIME = 4
TIMEOUT_S = 240
# What damaged archives and odd descriptions raise; zipfile has RuntimeError for encrypted files and unknown compression.
_UNREADABLE = (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError)


def fetch(sources: Iterable[Source], downloads: Path) -> None:
    """Fetch what is not there yet, each package into a folder of its own. What fails has none, and is asked for again next time."""
    downloads.mkdir(parents=True, exist_ok=True)
    listed = list(sources)
    with ThreadPoolExecutor(DOWNLOADS_AT_A_TIME) as pool:
        waiting = pool.submit(
            apt.fetch,
            {source.name: folder(source, downloads) for source in listed if source.registry == "debian"},
            downloads.parent / "apt",
        )
        for _ in pool.map(lambda source: _download(source, downloads), (s for s in listed if s.registry in ("pypi", "npm"))):
            pass
        waiting.result()


def folder(source: Source, downloads: Path) -> Path:
    """The folder of a package among the downloads."""
    return downloads / f"{source.registry}-{source.name.replace('/', '__')}"


def opened(source: Source, downloads: Path, exclusions: Exclusions) -> list[tuple[Package, Files]]:
    """Read a package that was fetched: its row and its source files, for a Debian source package those of its parts too.

    One that is not there or cannot be read is a row that says so.
    """
    package = Package(source.registry, source.name)
    try:
        if source.registry == "stdlib":
            return [_stdlib(package)]
        if source.registry == "debian":
            return debian.opened(source.name, folder(source, downloads), exclusions, source.split)
        archive = next(path for path in sorted(folder(source, downloads).iterdir()) if path.suffix in (".whl", ".tgz"))
        package.sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
        return [_wheel(package, archive, exclusions) if source.registry == "pypi" else _tarball(package, archive, exclusions)]
    except (FileNotFoundError, StopIteration):
        package.refused = "not fetched"
    except _UNREADABLE as error:
        package.refused = f"not readable: {type(error).__name__}"
    return [(package, [])]


def _download(source: Source, downloads: Path) -> None:
    target = folder(source, downloads)
    if target.exists() and any(target.iterdir()):
        return
    # Renamed when it is whole, so that a fetch that was cut off is begun again.
    partial = target.with_name(target.name + ".partial")
    partial.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", str(partial), source.name]
    npm = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(partial), source.name]
    try:
        subprocess.run(pip if source.registry == "pypi" else npm, check=True, capture_output=True, timeout=TIMEOUT_S)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"{source.registry}:{source.name} was not fetched: {type(error).__name__}", file=sys.stderr, flush=True)
        return
    if target.exists():
        target.rmdir()
    partial.rename(target)


def _stdlib(package: Package) -> tuple[Package, Files]:
    root = Path(sysconfig.get_paths()["stdlib"])
    package.version, package.licence = sys.version.split()[0], "PSF-2.0"
    # Installed packages may share the folder; the tests are half of it.
    files = [
        path
        for path in sorted(root.rglob("*.py"))
        if path.relative_to(root).parts[0].removesuffix(".py") in sys.stdlib_module_names
        and not {"site-packages", "test", "tests", "idlelib", "lib2to3"} & set(path.relative_to(root).parts)
    ]
    contents = [(path.relative_to(root).as_posix(), path.read_bytes()) for path in files]
    package.sha256 = hashlib.sha256(b"".join(content for _, content in contents)).hexdigest()
    return package, contents


def _wheel(package: Package, archive: Path, exclusions: Exclusions) -> tuple[Package, Files]:
    with zipfile.ZipFile(archive) as wheel:
        metadata_path = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = HeaderParser().parsestr(wheel.read(metadata_path).decode("utf-8", "replace"))
        classifiers = [value.split(" :: ")[-1] for value in metadata.get_all("Classifier", []) if value.startswith("License ::")]
        declared = metadata["License-Expression"] or ", ".join(classifiers) or (metadata["License"] or "").strip().split("\n")[0]
        package.version, package.licence = metadata["Version"], declared
        package.repository = exclusions.home(repositories(" ".join([metadata["Home-page"] or "", *metadata.get_all("Project-URL", [])])))
        return package, [(name, wheel.read(name)) for name in wheel.namelist() if name.endswith(".py")]


def _tarball(package: Package, archive: Path, exclusions: Exclusions) -> tuple[Package, Files]:
    files: Files = []
    with tarfile.open(archive) as tar:
        for member in archives.members(tar):
            path = member.name.partition("/")[2]
            stream = tar.extractfile(member) if member.isfile() else None
            if stream is None:
                continue
            if path == "package.json":
                described = json.loads(stream.read())
                if not isinstance(described, dict):
                    raise ValueError("A package.json is an object.")
                licence = described.get("license") or described.get("licenses") or ""
                package.version, package.licence = described["version"], licence if isinstance(licence, str) else json.dumps(licence)
                links = [json.dumps(described.get(name) or "") for name in ("repository", "homepage", "bugs")]
                package.repository = exclusions.home([found for link in links for found in repositories(link)])
            elif PurePosixPath(path).suffix in LANGUAGES and member.size <= MAX_FILE_BYTES:
                files.append((path, stream.read()))
    return package, files
