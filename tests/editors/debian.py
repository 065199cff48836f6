"""Programs of any Debian suite, each unpacked into a folder of its own under ~/.cache; nothing of the system is touched."""

import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

CACHE = Path.home() / ".cache" / "recoder-lsp-tests"
SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
TIMEOUT_S = 240.0


class NotInstalled(Exception):
    """This program cannot be had here; says why."""


@dataclass(frozen=True)
class Root:
    """A tree of packages, with all the libraries that they need."""

    path: Path

    @property
    def libraries(self) -> Path:
        return next((self.path / "usr/lib").glob("*-linux-gnu"))

    def command(self, program: str) -> tuple[str, ...]:
        """How to start one of its programs, such as `usr/bin/vim`, with its own libraries; what that starts gets the system's."""
        loader = next(self.libraries.glob("ld-linux-*.so.*"))
        return (str(loader), "--library-path", str(self.libraries), str(self.path / program))


def unpacked(folder: Path, suite: str, *packages: str) -> Root:
    """Return these packages and what they depend on, unpacked when they are not there yet; that takes some seconds.

    Args:
        folder: Where they are kept from then on.
        suite: Of the configured mirror, such as `trixie`. Several are separated by spaces: the last one goes first.

    Raises:
        NotInstalled: They cannot be had on this machine.
    """
    done = folder / "installed"
    if not done.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Another test run may be doing the same: whoever is ready last steps back.
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}-", ignore_cleanup_errors=True) as scratch:
            try:
                _download_and_unpack(Path(scratch), suite, packages)
            except (OSError, subprocess.SubprocessError) as error:
                said = getattr(error, "stderr", "") or ""
                raise NotInstalled(f"{', '.join(packages)} of Debian {suite} cannot be unpacked: {error} {said[-500:]}") from error
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                (Path(scratch) / "root").rename(folder / "root")
                done.touch()
    return Root(folder / "root")


@contextmanager
def or_skipped() -> Iterator[None]:
    """Skips the test, and says so loudly, where the editor cannot be had here."""
    try:
        yield
    except NotInstalled as error:
        warnings.warn(f"NOT TESTED: {error}", stacklevel=3)
        pytest.skip(str(error))


def _download_and_unpack(folder: Path, suites: str, packages: tuple[str, ...]) -> None:
    """Have apt, with a state of its own that knows of nothing installed, bring the packages; unpack them into `root`."""
    if not SOURCES.exists() or shutil.which("apt-get") is None:
        raise NotInstalled("this is not a Debian with deb822 sources.")
    fields = dict(line.split(": ", 1) for line in SOURCES.read_text(encoding="utf-8").split("\n\n")[0].splitlines() if ": " in line[1:])
    state = folder / "apt"
    for name in ("lists/partial", "archives/partial"):
        (state / name).mkdir(parents=True)
    (state / "status").touch()
    signed = f"Signed-By: {fields['Signed-By']}\n" if "Signed-By" in fields else ""
    sources = state / "suite.sources"
    sources.write_text(f"Types: deb\nURIs: {fields['URIs']}\nSuites: {suites}\nComponents: main\n{signed}", encoding="utf-8")
    options = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "-",
        "Dir::Etc::preferencesparts": "-",
        "Dir::State::lists": state / "lists",
        "Dir::State::status": state / "status",
        "Dir::Cache::archives": state / "archives",
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "APT::Default-Release": suites.split()[-1],
        "APT::Install-Recommends": "0",
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "1",
        "APT::Keep-Downloaded-Packages": "1",
        "Binary::apt-get::APT::Keep-Downloaded-Packages": "1",
        "APT::Update::Post-Invoke::": "",
    }
    apt = ["apt-get", "-qq", *(part for name, value in options.items() for part in ("-o", f"{name}={value}"))]
    _run(*apt, "update")
    _run(*apt, "-y", "--download-only", "install", *packages)
    root = folder / "root"
    # One tree with /usr merged, whatever a package believes.
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    for package in sorted((state / "archives").glob("*.deb")):
        contents = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], capture_output=True, check=True, timeout=TIMEOUT_S).stdout
        unpack = ["tar", "-x", "-C", root, "--keep-directory-symlink"]
        subprocess.run(unpack, input=contents, check=True, timeout=TIMEOUT_S)


def _run(*command: str) -> None:
    subprocess.run(command, capture_output=True, text=True, check=True, timeout=TIMEOUT_S, env={**os.environ, "LC_ALL": "C"})
