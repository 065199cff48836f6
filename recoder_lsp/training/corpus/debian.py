"""Reads Debian source packages: the upstream tarball, and the licences and the home that Debian recorded for it."""

from __future__ import annotations

import hashlib
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from recoder_lsp.training.corpus import archives
from recoder_lsp.training.corpus.documents import LANGUAGES
from recoder_lsp.training.corpus.exclusions import Exclusions, repositories
from recoder_lsp.training.corpus.licences import Copyright, is_permissive_short_name
from recoder_lsp.training.corpus.packages import Package
from recoder_lsp.training.corpus.paths import MAX_FILE_BYTES
from recoder_lsp.training.corpus.projects import DEBIAN_NAME, VERSION_SUFFIX

Files = list[tuple[str, bytes]]

_DESCRIPTIONS = ("go.mod", "Cargo.toml", "Cargo.toml.orig", "package.json", "pom.xml")
_LINKS = re.compile(
    r"^module\s+(\S+)|^(?:repository|homepage)\s*=\s*\"([^\"]+)|\"(?:repository|url|homepage)\":\s*\"([^\"]+)|<url>([^<]+)|<connection>([^<]+)",
    re.MULTILINE,
)
# How many folders below vendor/ make one package there: HOST/OWNER/NAME in Go, but gopkg.in/NAME; NAME in Rust.
_GO_HOST = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)*\.[a-z]{2,}")
_GO_HOSTS_WITH_OWNERS = ("github.com", "gitlab.com", "bitbucket.org", "golang.org")


@dataclass
class _Part:
    """A source package, or what is vendored in a folder of it."""

    links: set[str] = field(default_factory=set)
    licences: Counter[str] = field(default_factory=Counter)
    n_refused: int = 0
    files: Files = field(default_factory=list)


def opened(name: str, folder: Path, exclusions: Exclusions, split: bool = False) -> list[tuple[Package, Files]]:
    """Read a source package that was fetched: one row for it and one for everything vendored in it, each with its files.

    A file is taken when the licence that `debian/copyright` gives for it is permissive. Without a machine-readable
    one, or when it says that the whole is not permissive, the package is refused.

    Args:
        name: The source package.
        folder: Its .dsc and tarballs.
        exclusions: Repositories to refuse, by any link of the package's own description or Debian's.
        split: Make rows of the second level of folders: for packages so large that they hold many.
    """
    package = Package("debian", name)
    upstream, packaging = _tarball(folder, "orig"), _tarball(folder, "debian")
    if not upstream or not packaging:
        package.refused = "no upstream tarball with a Debian part"
        return [(package, [])]
    [description] = folder.glob("*.dsc")
    version = re.search(r"^Version: (\S+)", description.read_text("utf-8", "replace"), re.MULTILINE)
    package.version = version[1] if version else ""
    package.sha256 = hashlib.sha256(upstream.read_bytes()).hexdigest()
    texts = dict(_texts(packaging, ("debian/copyright", "debian/control")))
    rights = Copyright.read(texts.get("debian/copyright", ""))
    if rights is None:
        package.refused = "licence: debian/copyright is not machine readable"
        return [(package, [])]
    package.licence = rights.licence_of_the_rest
    if package.licence and not is_permissive_short_name(package.licence):
        package.refused = f"licence: {package.licence}"
        return [(package, [])]
    homes = re.findall(r"^(?:Homepage|XS-Go-Import-Path): *(.*)", texts.get("debian/control", ""), re.MULTILINE)
    parts = {"": _Part({found for link in (*homes, *rights.source.split()) for found in repositories(link)})}
    _fill(parts, upstream, rights, split)
    # With every file in a folder's row, the row of the whole would say nothing.
    return [_row(package, folder, part, exclusions) for folder, part in parts.items() if folder == "" or part.files or part.n_refused]


def _fill(parts: dict[str, _Part], upstream: Path, rights: Copyright, split: bool) -> None:
    with tarfile.open(upstream) as tar:
        # As dpkg does: only a folder that holds everything is left out of the paths that debian/copyright means.
        is_in_one_folder = archives.has_one_top_folder(tar)
        for member in archives.members(tar):
            path = member.name.removeprefix("./")
            path = path.partition("/")[2] if is_in_one_folder else path
            if not member.isfile() or not path:
                continue
            folder = _folder(path, split)
            inner = path.removeprefix(folder).lstrip("/")
            part = parts.setdefault(folder, _Part(set(_named_by(folder))))
            if PurePosixPath(path).name in _DESCRIPTIONS and inner.count("/") <= 1 and member.size < 200_000:
                stream = tar.extractfile(member)
                text = stream.read().decode("utf-8", "replace") if stream else ""
                part.links |= {found for links in _LINKS.findall(text) for found in repositories("".join(links))}
            elif PurePosixPath(path).suffix in LANGUAGES and member.size <= MAX_FILE_BYTES:
                licence, stream = rights.licence_of(path), tar.extractfile(member)
                if stream is None or not is_permissive_short_name(licence):
                    part.n_refused += 1
                else:
                    part.licences[licence] += 1
                    part.files.append((inner, stream.read()))


def _row(whole: Package, folder: str, part: _Part, exclusions: Exclusions) -> tuple[Package, Files]:
    row = Package("debian", f"{whole.name}/{folder}".rstrip("/"), whole.version, whole.licence, sha256=whole.sha256)
    row.licence = min(part.licences, key=lambda licence: (-part.licences[licence], licence), default=whole.licence)
    row.repository = exclusions.home(sorted(part.links))
    if part.n_refused:
        row.skip("licence of the file", part.n_refused)
    if exclusions.has_repository(row.repository) or _names(whole.name, folder) & exclusions.names:
        row.refused = "excluded repository"
    elif not part.files:
        row.refused = "no source file with a permissive licence"
    return row, part.files


def _names(name: str, folder: str) -> set[str]:
    """Return what a part may be called upstream; a folder of the package's own, src/fmt in a compiler, is no name."""
    if folder and "vendor" not in folder.split("/"):
        return set()
    own = VERSION_SUFFIX.sub("", (folder or name).rpartition("/")[2]).lower()
    return {own, DEBIAN_NAME.sub("", own)}


def _folder(path: str, split: bool) -> str:
    """Return the folder of a source package that is a package of its own, "" when the file belongs to the whole."""
    folders = path.split("/")[:-1]
    if "vendor" in folders:
        start = folders.index("vendor") + 1
        below = folders[start:]
        depth = 1
        if below and _GO_HOST.fullmatch(below[0]):
            depth = 3 if below[0] in _GO_HOSTS_WITH_OWNERS else 2
        return "/".join(folders[: start + depth]) if below else ""
    return "/".join(folders[:2]) if split else ""


def _named_by(folder: str) -> Iterator[str]:
    """Yield the OWNER/NAME that the path of a vendored Go module is."""
    if found := re.search(r"vendor/(?:github|gitlab)\.com/([\w.-]+/[\w.-]+)$", folder):
        yield found[1].lower()


def _tarball(folder: Path, kind: str) -> Path | None:
    return next((path for path in sorted(folder.iterdir()) if re.search(rf"\.{kind}\.tar\.(gz|xz|bz2)$", path.name)), None)


def _texts(tarball: Path, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    with tarfile.open(tarball) as tar:
        for member in tar:
            stream = tar.extractfile(member) if member.name.removeprefix("./") in names and member.isfile() else None
            if stream:
                yield member.name.removeprefix("./"), stream.read().decode("utf-8", "replace")
