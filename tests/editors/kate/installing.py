"""Kates of two Debian suites, each in a folder of its own under ~/.cache, with a bus and a screen of their own: no X server, no root."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tests.editors.debian import CACHE, Root, unpacked

BUS = """<busconfig>
  <type>session</type>
  <listen>unix:dir={folder}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
"""


@dataclass(frozen=True)
class Kate:
    """How to start it."""

    root: Root
    qt: str

    def command(self, program: str) -> tuple[str, ...]:
        """How to start one of the programs in its tree; some of its libraries lie in folders of their own."""
        loader, option, libraries, path = self.root.command(program)
        return (loader, option, ":".join((libraries, *(f"{libraries}/{name}" for name in ("libproxy", "pulseaudio")))), path)

    def bus(self, folder: Path) -> tuple[str, ...]:
        """How to start a session bus for it alone; it prints its address."""
        configuration = folder / "bus.conf"
        configuration.write_text(BUS.format(folder=folder), encoding="utf-8")
        return (*self.command("usr/bin/dbus-daemon"), f"--config-file={configuration}", "--nofork", "--print-address")

    def environ(self, folder: Path, port: int, width: int, height: int) -> dict[str, str]:
        """What it needs, and settings, data and cache of its own under the folder."""
        fonts = folder / "data" / "fonts"
        if not fonts.is_symlink():
            fonts.parent.mkdir(parents=True, exist_ok=True)
            fonts.symlink_to(self.root.path / "usr/share/fonts")
        return {
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            **{f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")},
            "XDG_DATA_DIRS": str(self.root.path / "usr/share"),
            "FONTCONFIG_PATH": str(self.root.path / "etc/fonts"),
            "QT_PLUGIN_PATH": str(self.root.libraries / self.qt / "plugins"),
            # Qt's own: whoever reaches this machine could connect to it, too, for as long as the test lasts.
            "QT_QPA_PLATFORM": f"vnc:port={port}:size={width}x{height}",
            "LC_ALL": "C.UTF-8",
        }


def kate(version: str) -> Kate:
    """Return a Kate, which is unpacked when it is not there yet; that takes some minutes and a gigabyte.

    Args:
        version: One of VERSIONS. The newest is whatever the distribution has.

    Raises:
        NotInstalled: It cannot be had on this machine.
    """
    return _UNPACK[version]()


def _of_bookworm() -> Kate:
    packages = ("kate", "dbus-daemon", "fonts-dejavu-core", "breeze-icon-theme")
    return Kate(unpacked(CACHE / "kate-22.12", "bookworm", *packages), "qt5")


def _of_testing() -> Kate:
    packages = ("kate", "dbus-daemon", "fonts-dejavu-core", "kf6-breeze-icon-theme", "qt6-qpa-plugins")
    return Kate(unpacked(CACHE / "kate-26.08", "testing", *packages), "qt6")


_UNPACK: Mapping[str, Callable[[], Kate]] = MappingProxyType({"22.12": _of_bookworm, "26.08": _of_testing})
VERSIONS = tuple(_UNPACK)
