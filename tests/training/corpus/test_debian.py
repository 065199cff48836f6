"""Debian source packages: fetched by apt in folders of its own, read with the licence of every file."""

import hashlib
import io
import os
import shutil
import sys
import tarfile
from pathlib import Path

import pytest

from recoder_lsp.training import corpus
from recoder_lsp.training.corpus import Exclusions, Package, Source, apt, registries
from tests.training.corpus.texts import GO, RUST, C

RIGHTS = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Source: {source}

Files: *
Copyright: 2020 Somebody
License: {licence}

Files: src/gnu/*
Copyright: 2020 Somebody else
License: GPL-2+

Files: vendor/words-1.2.3/*
Copyright: 2020 A third
License: MIT or Apache-2.0
"""
# Answers as apt does: `source` copies what lies in $ARCHIVE, and fails as a whole for a name that it does not know.
APT = f"""#!{sys.executable}
import os, pathlib, shutil, sys
archive, names = pathlib.Path(os.environ["ARCHIVE"]), sys.argv[4:]
with open(archive / "calls.txt", "a") as calls:
    print(*sys.argv[1:], file=calls)
configuration = pathlib.Path(os.environ["APT_CONFIG"])
if sys.argv[1] == "update":
    (configuration.parent / "lists" / "mirror_Sources").write_text("")
    (archive / "mirrors.txt").write_text("".join(path.read_text() for path in sorted((configuration.parent / "sources").iterdir())))
elif not all((archive / name).exists() for name in names):
    sys.exit(100)
else:
    for name in names:
        for file in (archive / name).iterdir():
            shutil.copy(file, file.name)
"""


def pack(path: Path, files: dict[str, str], compression: str = "xz") -> None:
    with tarfile.open(path, f"w:{compression}") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))


def damage(archive: Path) -> None:
    """Write over the middle of a file."""
    content = bytearray(archive.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 64] = b"\xff" * 64
    archive.write_bytes(content)


def source_package(
    folder: Path,
    files: dict[str, str],
    *,
    licence: str = "Expat",
    source: str = "https://example.org",
    homepage: str = "https://example.org",
    rights: str | None = None,
) -> Path:
    """Write a source package: NAME.dsc, the upstream tarball and Debian's."""
    folder.mkdir(parents=True)
    name = folder.name.removeprefix("debian-")
    rights = RIGHTS.format(licence=licence, source=source) if rights is None else rights
    control = f"Source: {name}\nHomepage: {homepage}\n"
    pack(folder / f"{name}_1.0.orig.tar.gz", {f"{name}-1.0/{path}": text for path, text in files.items()}, "gz")
    pack(folder / f"{name}_1.0-1.debian.tar.xz", {"debian/copyright": rights, "debian/control": control})
    sums = [f" {hashlib.sha256(path.read_bytes()).hexdigest()} {path.stat().st_size} {path.name}" for path in sorted(folder.iterdir())]
    (folder / f"{name}_1.0-1.dsc").write_text("\n".join([f"Source: {name}", "Version: 1.0-1", "Checksums-Sha256:", *sums, ""]))
    return folder


def opened(
    work: Path, files: dict[str, str], *, excluded: str = "", split: bool = False, **described
) -> dict[str, tuple[Package, list[str]]]:
    """Read a package called `numbers` and return each row with the paths of its files, by its name."""
    source_package(work / "downloads" / "debian-numbers", files, **described)
    (work / "excluded.txt").write_text(excluded)
    source = Source("debian", "numbers", split)
    rows = registries.opened(source, work / "downloads", Exclusions.read(work / "excluded.txt"))
    return {package.name: (package, sorted(path for path, _ in files)) for package, files in rows}


def test_a_source_package_gives_the_files_with_a_permissive_licence(tmp_path):
    package, paths = opened(tmp_path, {"src/find.c": C, "src/gnu/find.c": C, "README": "x"}, source="https://github.com/some/numbers")[
        "numbers"
    ]

    assert paths == ["src/find.c"]
    assert (package.version, package.licence, package.repository) == ("1.0-1", "Expat", "some/numbers")
    assert len(package.sha256) == 64
    assert package.skipped == {"licence of the file": 1}
    assert package.refused == ""


def test_paths_are_whole_when_the_source_has_no_folder_for_everything(tmp_path):
    folder = source_package(tmp_path / "downloads" / "debian-numbers", {})
    pack(folder / "numbers_1.0.orig.tar.gz", {"src/find.c": C, "src/gnu/find.c": C, "README": "x"}, "gz")

    [(package, files)] = registries.opened(Source("debian", "numbers"), tmp_path / "downloads", Exclusions())

    assert [path for path, _ in files] == ["src/find.c"]
    assert package.skipped == {"licence of the file": 1}


@pytest.mark.parametrize("kind", ["gz", "xz"])
def test_a_damaged_source_package_is_refused(tmp_path, kind):
    folder = source_package(tmp_path / "downloads" / "debian-numbers", {})
    (folder / "numbers_1.0.orig.tar.gz").unlink()
    upstream = folder / f"numbers_1.0.orig.tar.{kind}"
    pack(upstream, {f"numbers/{number}.c": C + hashlib.sha512(b"%d" % number).hexdigest() * 9 for number in range(50)}, kind)
    damage(upstream)

    [(package, files)] = registries.opened(Source("debian", "numbers"), tmp_path / "downloads", Exclusions())

    assert package.refused.startswith("not readable: ")
    assert files == []


def test_a_file_whose_name_is_not_utf8_is_left_out(tmp_path):
    rows = opened(tmp_path, {"src/find.c": C, "src/caf\udce9.c": C})

    assert rows["numbers"][1] == ["src/find.c"]


@pytest.mark.parametrize(
    ("described", "why"),
    [
        ({"licence": "GPL-3+"}, "licence: GPL-3+"),
        ({"rights": "It is free.\n"}, "licence: debian/copyright is not machine readable"),
        ({"rights": ""}, "licence: debian/copyright is not machine readable"),
        ({"rights": RIGHTS.split("\n\n")[0] + "\n"}, "no source file with a permissive licence"),
        ({"homepage": "https://github.com/Owner/Secret"}, "excluded repository"),
        ({"source": "https://github.com/owner/secret/releases"}, "excluded repository"),
    ],
)
def test_a_source_package_is_refused(tmp_path, described, why):
    package, _ = opened(tmp_path, {"src/find.c": C}, excluded="owner/secret\n", **described)["numbers"]

    assert package.refused == why


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("go.mod", "module github.com/owner/secret/v2\n"),
        ("Cargo.toml", '[package]\nname = "numbers"\nrepository = "https://github.com/owner/secret/tree/main/numbers"\n'),
        ("package.json", '{"repository": {"type": "git", "url": "git://github.com/owner/secret.git"}}'),
        ("core/pom.xml", "<project>\n<url>https://github.com/owner/secret</url>\n</project>"),
    ],
)
def test_a_home_that_only_upstream_names_is_enough_to_refuse(tmp_path, name, text):
    package, _ = opened(tmp_path, {"src/find.c": C, name: text}, excluded="owner/secret\n")["numbers"]

    assert package.refused == "excluded repository"


def test_the_name_alone_is_enough_to_refuse(tmp_path):
    package, _ = opened(tmp_path, {"src/find.c": C}, excluded="owner/numbers\n")["numbers"]

    assert package.refused == "excluded repository"


def test_what_is_vendored_is_a_package_of_its_own(tmp_path):
    rows = opened(
        tmp_path,
        {
            "src/find.c": C,
            "vendor/words-1.2.3/src/lib.rs": RUST,
            "vendor/words-1.2.3/Cargo.toml": 'repository = "https://github.com/some/words"\n',
            "vendor/github.com/Owner/Secret/sum.go": GO,
            "vendor/github.com/other/sums/deep/sum.go": GO,
            "vendor/gopkg.in/sums.v2/deep/sum.go": GO,
        },
        excluded="owner/secret\n",
    )

    assert {name: paths for name, (package, paths) in rows.items() if not package.refused} == {
        "numbers": ["src/find.c"],
        "numbers/vendor/words-1.2.3": ["src/lib.rs"],
        "numbers/vendor/github.com/other/sums": ["deep/sum.go"],
        "numbers/vendor/gopkg.in/sums.v2": ["deep/sum.go"],
    }
    assert rows["numbers/vendor/github.com/Owner/Secret"][0].refused == "excluded repository"
    assert (rows["numbers/vendor/words-1.2.3"][0].licence, rows["numbers/vendor/words-1.2.3"][0].repository) == (
        "MIT or Apache-2.0",
        "some/words",
    )


def test_the_folders_of_a_package_that_is_split_are_packages(tmp_path):
    rows = opened(tmp_path, {"main.c": C, "compiler/parser/a.rs": RUST, "compiler/types/deep/b.rs": RUST}, split=True)

    assert {name: paths for name, (package, paths) in rows.items() if not package.refused} == {
        "numbers": ["main.c"],
        "numbers/compiler/parser": ["a.rs"],
        "numbers/compiler/types": ["deep/b.rs"],
    }


def test_a_package_without_an_upstream_tarball_is_refused(tmp_path):
    folder = source_package(tmp_path / "downloads" / "debian-numbers", {"src/find.c": C})
    next(folder.glob("*.orig.*")).unlink()

    [(package, files)] = registries.opened(Source("debian", "numbers"), tmp_path / "downloads", Exclusions())

    assert (package.refused, files) == ("no upstream tarball with a Debian part", [])


@pytest.fixture
def archive(tmp_path, monkeypatch) -> Path:
    """Two source packages that a stand-in for apt can fetch, and a configuration with mirrors in both forms."""
    archive, programs, system = tmp_path / "archive", tmp_path / "programs", tmp_path / "system"
    source_package(archive / "numbers", {"src/find.c": C}, homepage="https://github.com/some/numbers")
    source_package(archive / "words", {"src/lib.rs": RUST})
    programs.mkdir()
    (programs / "apt-get").write_text(APT)
    (programs / "apt-get").chmod(0o755)
    (system / "sources.list.d").mkdir(parents=True)
    (system / "sources.list").write_text("deb file:/mirror stable main\n")
    (system / "sources.list.d" / "more.sources").write_text("Types: deb\nURIs: file:/other\nSuites: stable\nComponents: main\n")
    (system / "sources.list.d" / "old.sources.disabled").write_text("Types: deb\nURIs: file:/disabled\n")
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("ARCHIVE", str(archive))
    monkeypatch.setattr(apt, "SYSTEM", system)
    return archive


def calls(archive: Path) -> list[str]:
    return (archive / "calls.txt").read_text().splitlines()


def test_source_packages_are_fetched_from_the_mirrors_of_the_system(archive, tmp_path):
    registries.fetch([Source("debian", "numbers"), Source("debian", "words")], tmp_path / "downloads")

    assert sorted(path.name for path in (tmp_path / "downloads" / "debian-words").iterdir()) == [
        "words_1.0-1.debian.tar.xz",
        "words_1.0-1.dsc",
        "words_1.0.orig.tar.gz",
    ]
    assert calls(archive) == ["update", "source --download-only -qq numbers words"]
    mirrors = (archive / "mirrors.txt").read_text()
    assert "deb-src file:/mirror stable main\n" in mirrors
    assert "Types: deb-src\nURIs: file:/other\n" in mirrors
    assert "disabled" not in mirrors


def test_what_was_fetched_is_not_fetched_again(archive, tmp_path):
    registries.fetch([Source("debian", "numbers")], tmp_path / "downloads")
    registries.fetch([Source("debian", "numbers"), Source("debian", "words")], tmp_path / "downloads")

    assert calls(archive) == ["update", "source --download-only -qq numbers", "source --download-only -qq words"]


def test_a_name_that_apt_does_not_know_costs_only_itself(archive, tmp_path):
    registries.fetch([Source("debian", name) for name in ("numbers", "lost", "words")], tmp_path / "downloads")

    assert {path.name for path in (tmp_path / "downloads").iterdir()} == {"debian-numbers", "debian-words"}


def test_a_package_that_did_not_arrive_whole_was_not_fetched(archive, tmp_path):
    next((archive / "words").glob("*.orig.*")).unlink()

    registries.fetch([Source("debian", "words")], tmp_path / "downloads")

    [(package, _)] = registries.opened(Source("debian", "words"), tmp_path / "downloads", Exclusions())
    assert package.refused == "not fetched"


def test_a_fetch_that_stopped_half_way_is_begun_again(archive, tmp_path, monkeypatch):
    with monkeypatch.context() as interrupted:
        interrupted.setattr(Path, "rename", lambda self, target: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            registries.fetch([Source("debian", "words")], tmp_path / "downloads")

    registries.fetch([Source("debian", "words")], tmp_path / "downloads")

    assert len(list((tmp_path / "downloads" / "debian-words").iterdir())) == 3


def test_a_machine_without_apt_goes_without(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda program: None)

    registries.fetch([Source("debian", "words")], tmp_path / "downloads")

    assert not any((tmp_path / "downloads").iterdir())


def test_a_corpus_is_built_from_source_packages(archive, tmp_path):
    (tmp_path / "excluded.txt").write_text("")

    path = corpus.build([Source("debian", "numbers"), Source("debian", "words")], tmp_path, tmp_path / "excluded.txt", processes=1)

    assert [(document.package, document.path, document.language) for document in corpus.read(path)] == [
        ("debian:numbers", "src/find.c", "c"),
        ("debian:words", "src/lib.rs", "rust"),
    ]


def test_a_folder_that_is_called_like_an_excluded_repository_is_none(tmp_path):
    rows = opened(tmp_path, {"src/secret/a.go": GO, "vendor/secret-1.0.2/b.rs": RUST}, excluded="owner/secret\n", split=True)

    assert rows["numbers/src/secret"][0].refused == ""
    assert rows["numbers/vendor/secret-1.0.2"][0].refused == "excluded repository"
