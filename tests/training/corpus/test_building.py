"""A corpus is made again from the same downloads, and records where everything in it comes from."""

import io
import json
import random
import re
import stat
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from recoder_lsp.training import corpus
from recoder_lsp.training.corpus import Exclusions, Source, packages, registries
from tests.training.corpus.texts import PARSER

SHIPPED_TYPES = {
    **dict.fromkeys(["registry", "name", "version", "licence", "repository", "sha256"], str),
    **dict.fromkeys(["n_files", "size_bytes"], int),
    "held_out": bool,
}
WHEEL = Source("pypi", "numbers")
TARBALL = Source("npm", "@scope/adder")
SOURCES = [WHEEL, Source("pypi", "broken"), Source("pypi", "lost"), TARBALL]


@pytest.fixture
def no_managers(monkeypatch, tmp_path_factory) -> None:
    """No package manager is found: what is not among the downloads cannot be had."""
    monkeypatch.setenv("PATH", str(tmp_path_factory.mktemp("nothing")))
    monkeypatch.setattr(sys, "executable", "no-python")


@pytest.fixture
def work(tmp_path: Path, no_managers) -> Path:
    """A work folder whose downloads are there already: one wheel, one npm tarball, one damaged wheel."""
    (tmp_path / "excluded.txt").write_text("")
    wheel, broken, tarball = (
        registries.folder(source, tmp_path / "downloads") / file
        for source, file in ((WHEEL, "numbers-1.0.whl"), (SOURCES[1], "broken-1.0.whl"), (TARBALL, "adder-2.0.tgz"))
    )
    for archive in (wheel, broken, tarball):
        archive.parent.mkdir(parents=True)
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("numbers/parse.py", PARSER)
        archive.writestr("numbers/parse_copy.py", PARSER + "\nEXTRA = 1\n")
        archive.writestr("numbers/data.json", "{}")
        metadata = "Name: numbers\nVersion: 1.0\nLicense-Expression: MIT\nProject-URL: Source, https://github.com/Some/Numbers.git\n"
        archive.writestr("numbers-1.0.dist-info/METADATA", metadata)
    broken.write_bytes(b"not a zip file")
    manifest = json.dumps({"version": "2.0", "license": "ISC", "repository": {"url": "git+https://github.com/scope/adder.git"}})
    script = (
        PARSER.replace("#", "//").replace("def ", "function ").replace("number", "sum").replace("digit", "figure").replace("line", "row")
    )
    with tarfile.open(tarball, "w:gz") as archive:
        for name, text in {"package/package.json": manifest, "package/src/add.ts": script, "package/README.md": "x"}.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return tmp_path


def built(work: Path, sources: list[Source] = SOURCES, processes: int = 1) -> list[corpus.Document]:
    return list(corpus.read(corpus.build(sources, work, work / "excluded.txt", processes=processes)))


def manifest(work: Path) -> dict[str, dict]:
    return {row["name"]: row for row in json.loads((work / "manifest.json").read_text())["packages"]}


def test_a_corpus_records_where_everything_comes_from(work):
    documents = built(work)

    rows = manifest(work)
    assert [(document.package, document.path) for document in documents] == [
        ("pypi:numbers", "numbers/parse.py"),
        ("npm:@scope/adder", "src/add.ts"),
    ]
    assert rows["numbers"]["repository"] == "some/numbers"
    assert (rows["numbers"]["version"], rows["numbers"]["licence"], len(rows["numbers"]["sha256"])) == ("1.0", "MIT", 64)
    assert (rows["@scope/adder"]["version"], rows["@scope/adder"]["licence"]) == ("2.0", "ISC")


def test_a_package_that_cannot_be_fetched_or_read_is_recorded(work):
    built(work)

    assert manifest(work)["broken"]["refused"] == "not readable: BadZipFile"
    assert manifest(work)["lost"]["refused"] == "not fetched"


def npm_package(work: Path, files: dict[str, str]) -> Path:
    """Write the archive of npm:odd."""
    archive = registries.folder(Source("npm", "odd"), work / "downloads") / "odd.tgz"
    archive.parent.mkdir(parents=True)
    with tarfile.open(archive, "w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return archive


@pytest.mark.parametrize("described", ["[]", "null", '"text"', "[" * 100_000])
def test_a_package_that_describes_itself_oddly_is_recorded(work, described):
    npm_package(work, {"package.json": described})

    built(work, [Source("npm", "odd"), WHEEL])

    assert manifest(work)["odd"]["refused"].startswith("not readable: ")
    assert manifest(work)["numbers"]["n_files"] == 1


@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("damage", [b"", b"\xff" * 64, b"\0" * 64])
def test_nothing_is_taken_from_a_damaged_archive(work, place, damage):
    described = json.dumps({"version": "1", "license": "MIT"})
    texts = {f"{number}.js": "".join(random.Random(number).choices("abcdefgh \n", k=4000)) for number in range(20)}
    archive = npm_package(work, {"package.json": described, **texts})
    content, at = archive.read_bytes(), int(archive.stat().st_size * place)
    archive.write_bytes(content[:at] + damage + (content[at + 64 :] if damage else b""))

    [(row, files)] = registries.opened(Source("npm", "odd"), work / "downloads", Exclusions())

    assert row.refused.startswith("not readable: ")
    assert files == []


def test_any_link_of_a_package_is_enough_to_refuse_it(work):
    (work / "excluded.txt").write_text("owner/secret\n")
    described = {"version": "1", "license": "MIT", "repository": "github:some/odd", "homepage": "https://github.com/owner/secret#readme"}
    npm_package(work, {"package.json": json.dumps(described)})
    with zipfile.ZipFile(registries.folder(WHEEL, work / "downloads") / "numbers-1.0.whl", "w") as archive:
        metadata = "Name: numbers\nVersion: 1.0\nLicense-Expression: MIT\nProject-URL: Funding, https://github.com/sponsors/owner\n"
        metadata += "Project-URL: Docs, https://github.com/some/docs\nProject-URL: Source, https://github.com/owner/secret\n"
        archive.writestr("numbers-1.0.dist-info/METADATA", metadata)

    built(work, [Source("npm", "odd"), WHEEL])

    assert [row["refused"] for row in manifest(work).values()] == ["excluded repository"] * 2


def test_a_file_that_was_seen_in_another_place_is_recorded(work):
    built(work)

    assert manifest(work)["numbers"]["skipped"] == {"near-duplicate": 1}


def test_several_processes_make_the_same_corpus(work):
    alone = built(work)

    assert built(work, SOURCES * 5, processes=2)[: len(alone)] == alone
    assert built(work, processes=2) == alone


def test_a_fetch_that_failed_leaves_nothing_and_is_tried_again(work, tmp_path, monkeypatch):
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    lost = registries.folder(Source("npm", "lost"), work / "downloads")
    lost.mkdir()
    registries.fetch([Source("npm", "lost")], work / "downloads")
    assert not any(lost.iterdir())

    npm = programs / "npm"
    npm.write_text('#!/bin/sh\necho archive > "$5/$6-1.0.tgz"\n')
    npm.chmod(npm.stat().st_mode | stat.S_IXUSR)
    registries.fetch([Source("npm", "lost"), TARBALL], work / "downloads")

    assert [path.name for path in lost.iterdir()] == ["lost-1.0.tgz"]
    assert [path.name for path in registries.folder(TARBALL, work / "downloads").iterdir()] == ["adder-2.0.tgz"]


def test_a_package_without_an_archive_was_not_fetched(work):
    registries.folder(Source("npm", "empty"), work / "downloads").mkdir()

    [(row, files)] = registries.opened(Source("npm", "empty"), work / "downloads", Exclusions())

    assert (row.refused, files) == ("not fetched", [])


def test_the_standard_library_is_taken_without_what_is_installed_beside_it(tmp_path):
    [(row, files)] = registries.opened(Source("stdlib", "python"), tmp_path, Exclusions())

    paths = [path for path, _ in files]
    assert "argparse.py" in paths
    assert not any("site-packages" in path or path.startswith("test/") for path in paths)
    assert row.licence == "PSF-2.0"


def test_the_manifest_that_ships_lists_the_packages_that_were_learnt_from(work):
    built(work)

    packages.write_shipped_manifest(work / "manifest.json", {"npm:@scope/adder"}, work / "corpus.json")

    rows = json.loads((work / "corpus.json").read_text())
    assert [(row["name"], row["held_out"]) for row in rows] == [("numbers", False), ("@scope/adder", True)]
    assert all(row.keys() == SHIPPED_TYPES.keys() for row in rows)


def test_what_an_earlier_edition_learnt_stays_in_the_manifest_that_ships(work):
    built(work)
    lost, known = ({"registry": "pypi", "name": name, "held_out": False} for name in ("lost", "numbers"))
    (work / "corpus.json").write_text(json.dumps([lost, known]))

    for _ in range(2):
        packages.write_shipped_manifest(work / "manifest.json", set(), work / "corpus.json", earlier=work / "corpus.json")

    rows = json.loads((work / "corpus.json").read_text())
    assert [row["name"] for row in rows] == ["numbers", "@scope/adder", "lost"]
    assert rows[2] == {**lost, "earlier_edition": True}
    assert not any("earlier_edition" in row for row in rows[:2])


def test_the_shipped_manifest_lists_nothing_that_must_not_be_learnt():
    exclusions = Exclusions.read(corpus.EXCLUDED)

    rows = json.loads((corpus.EXCLUDED.parents[2] / "models" / "corpus.json").read_text("utf-8"))

    assert rows
    assert len({(row["registry"], row["name"]) for row in rows}) == len(rows)
    for row in rows:
        assert {name: type(value) for name, value in row.items() if name != "earlier_edition"} == SHIPPED_TYPES
        assert row["registry"] in ("stdlib", *packages.REGISTRIES)
        assert (corpus.is_permissive_short_name if row["registry"] == "debian" else corpus.is_permissive)(row["licence"]), row
        assert re.fullmatch("[0-9a-f]{64}", row["sha256"]), row
        assert row["version"], row
        assert row["n_files"] > 0, row
        assert row["size_bytes"] > 0, row
        assert not exclusions.has_repository(row["repository"]), row
        assert row["registry"] in ("stdlib", "debian") or not exclusions.names_package(row["name"], row["repository"]), row


def test_the_shipped_list_of_packages_can_be_read():
    sources = corpus.read_sources(corpus.SOURCES)

    assert {source.registry for source in sources} == {"stdlib", *packages.REGISTRIES}
    assert len(set(sources)) == len(sources)
    assert {source.name for source in sources if source.split} <= {source.name for source in sources if source.registry == "debian"}
