"""Emacs of two Debian releases with eglot and lsp-mode, each in a folder of its own; nothing of the system is touched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tests.editors.debian import CACHE, unpacked

PACKAGES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        # Of the suite, then what is unpacked; eglot is a part of Emacs since 29.
        "28": ("bookworm", "emacs-nox", "elpa-eglot", "elpa-lsp-mode"),
        "30": ("testing", "emacs-nox", "elpa-lsp-mode"),
    }
)
VERSIONS = tuple(PACKAGES)


@dataclass(frozen=True)
class Emacs:
    """How to start it, and a client of its server."""

    command: Sequence[str]
    client: Sequence[str]
    environ: Mapping[str, str]


def emacs(version: str) -> Emacs:
    """Return an Emacs, which is installed when it is not there yet; that takes half a minute.

    Args:
        version: One of VERSIONS: the first number, for the newest as of this writing.

    Raises:
        NotInstalled: It cannot be had on this machine.
    """
    suite, *packages = PACKAGES[version]
    root = unpacked(CACHE / f"emacs-{version}", suite, *packages)
    share = next((root.path / "usr/share/emacs").glob("[0-9]*"))
    libexec = next((root.path / "usr/libexec/emacs" / share.name).glob("*-linux-gnu"))
    lisp = [*sorted((root.path / "usr/share/emacs/site-lisp/elpa-src").iterdir()), share / "lisp"]
    return Emacs(
        command=(*root.command("usr/bin/emacs-nox"), f"--dump-file={next(libexec.glob('*.pdmp'))}"),
        client=root.command("usr/bin/emacsclient.emacs"),
        environ=_moved(share, libexec, lisp),
    )


def _moved(share: Path, libexec: Path, lisp: Sequence[Path]) -> Mapping[str, str]:
    """Where an Emacs finds what it looks for under /usr."""
    return {
        "EMACSLOADPATH": ":".join(map(str, lisp)),
        "EMACSDATA": str(share / "etc"),
        "EMACSDOC": str(share / "etc"),
        "EMACSPATH": str(libexec),
    }
