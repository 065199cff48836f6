"""The manifest when things go wrong: damaged files, a full disk, a killed writer, other versions. It never serves what is wrong."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import pytest

from recoder_lsp.index.store import manifest_database
from recoder_lsp.index.store.manifest import Manifest, ManifestBusy, ManifestDamaged, ManifestFull, ManifestReader
from recoder_lsp.index.store.manifest_schema import SCHEMA_VERSION
from tests.index.indexed import function, indexed

PATIENCE_S = 60.0
N_FILES = 40


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "manifest.sqlite"


def fill(file: Path) -> None:
    """Forty files with vectors, closed properly."""
    with Manifest.open(file) as manifest, manifest.writing():
        manifest.use_model("m")
        for number in range(N_FILES):
            one = indexed(f"src/{number}.py", "".join(function(f"name_{number}_{part}", "call(other)") for part in range(6)))
            manifest.put(one, {chunk.id: bytes(64) for chunk in one.chunks})


def put_many(manifest: Manifest) -> None:
    with manifest.writing():
        for number in range(200):
            manifest.put(indexed(f"new/{number}.py", function(f"new_{number}")), {})


def use_everything(manifest: Manifest) -> None:
    for stored in list(manifest.files()):
        manifest.outline(stored.path)
        manifest.references_in(stored.path)
        manifest.chunks_of(stored.path)
    rows = [row for row, _ in manifest.match(["name", "call", "7"], 1000)]
    manifest.chunks(rows)
    manifest.document_frequencies(["name", "call"])
    manifest.symbols_like("name7", 50)
    manifest.symbols_starting_with("n", 50)
    manifest.references_to("call", 50)
    manifest.counts()
    ids = [id for id, _ in manifest.all_vectors()]
    manifest.chunks_by_id(ids)
    manifest.unsynced(1000)
    manifest.check()
    manifest.mark_synced(ids)
    for number in range(0, N_FILES, 3):
        manifest.put(indexed(f"src/{number}.py", function(f"changed_{number}")), {})
    manifest.remove([f"src/{number}.py" for number in range(1, N_FILES, 3)])
    manifest.finish_bulk()


@pytest.mark.parametrize("seed", range(30))
def test_a_file_with_noise_in_it_is_called_damaged_if_it_is_not_usable(file: Path, seed: int) -> None:
    fill(file)
    noise = random.Random(seed)
    content = bytearray(file.read_bytes())
    for _ in range(noise.choice((1, 1, 3, 10))):
        length = noise.choice((1, 16, 200, 4096))
        place = noise.randrange(len(content) - length)
        content[place : place + length] = noise.randbytes(length)
    file.write_bytes(content)

    usable_or_damaged(file)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.3, 0.5, 0.77, 0.99])
def test_a_truncated_file_is_called_damaged_or_starts_anew(file: Path, share: float) -> None:
    fill(file)
    size = file.stat().st_size

    os.truncate(file, int(size * share))

    usable_or_damaged(file)


def test_a_file_that_is_truncated_while_it_is_open_is_called_damaged_by_then_or_at_the_next_opening(file: Path) -> None:
    fill(file)
    manifest = Manifest.open(file)
    os.truncate(file, file.stat().st_size // 2)

    with suppress(ManifestDamaged):
        use_everything(manifest)
    manifest.close()

    usable_or_damaged(file)


@pytest.mark.parametrize("content", [b"", b"not a database, but some text that is long enough to be read as one" * 20, bytes(10_000)])
def test_another_file_in_its_place_is_called_damaged_or_starts_anew(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    usable_or_damaged(file)


def test_without_its_log_it_is_as_it_was_before(file: Path) -> None:
    fill(file)
    manifest = Manifest.open(file)
    manifest.put(indexed("later.py", function("later")), {})
    copy = file.with_name("copy.sqlite")
    copy.write_bytes(file.read_bytes())
    manifest.close()

    with Manifest.open(copy) as older:
        assert older.counts().n_files == N_FILES
        assert older.check() == []


def test_it_can_be_deleted_and_made_anew(file: Path) -> None:
    file.write_bytes(b"noise" * 1000)
    with pytest.raises(ManifestDamaged):
        Manifest.open(file)

    Manifest.delete(file)

    with Manifest.open(file) as manifest:
        assert manifest.counts().n_files == 0


def test_a_full_disk_undoes_the_transaction_and_is_said_so(file: Path) -> None:
    fill(file)
    with Manifest.open(file) as manifest:
        before = manifest.counts()
        pages = manifest._database.number("PRAGMA page_count")
        manifest._database.query(f"PRAGMA max_page_count = {pages + 5}")

        with pytest.raises(ManifestFull) as failure:
            put_many(manifest)

        assert failure.value.hint
        assert manifest.counts() == before
        assert manifest.check() == []
        manifest._database.query("PRAGMA max_page_count = 1000000")
        manifest.put(indexed("new.py", function("new")), {})
        assert manifest.check() == []


def test_a_second_writer_is_told_that_the_manifest_is_busy(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(file)
    monkeypatch.setattr(manifest_database, "BUSY_TIMEOUT_S", 0.05)
    with Manifest.open(file) as first, Manifest.open(file) as second, first.writing():
        first.put(indexed("a.py", function("a")), {})

        with pytest.raises(ManifestBusy):
            second.put(indexed("b.py", function("b")), {})


def test_a_folder_that_is_not_there_is_no_damage(tmp_path: Path) -> None:
    with pytest.raises(ManifestBusy):
        Manifest.open(tmp_path / "nowhere" / "manifest.sqlite")
    with pytest.raises(ManifestBusy):
        Manifest.reader(tmp_path / "manifest.sqlite")


def test_a_manifest_of_another_version_is_to_be_rebuilt(file: Path) -> None:
    fill(file)
    for version in (SCHEMA_VERSION + 1, SCHEMA_VERSION - 1):
        set_version(file, version)

        with pytest.raises(ManifestDamaged):
            Manifest.open(file)
        with pytest.raises(ManifestDamaged):
            Manifest.reader(file)


def test_a_migration_brings_an_older_manifest_to_this_version(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(file)
    monkeypatch.setattr(manifest_database, "SCHEMA_VERSION", SCHEMA_VERSION + 2)
    monkeypatch.setattr(
        manifest_database,
        "MIGRATIONS",
        {SCHEMA_VERSION: "UPDATE files SET language = 'first'", SCHEMA_VERSION + 1: "UPDATE files SET language = language || ', second'"},
    )

    with Manifest.open(file) as manifest:
        assert manifest.counts().languages == {"first, second": N_FILES}
        assert manifest._database.number("PRAGMA user_version") == SCHEMA_VERSION + 2


def test_a_failing_migration_changes_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(file)
    with monkeypatch.context() as patched:
        patched.setattr(manifest_database, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
        patched.setattr(manifest_database, "MIGRATIONS", {SCHEMA_VERSION: "DELETE FROM files; SELECT nonsense"})
        with pytest.raises(ManifestDamaged):
            Manifest.open(file)

    with Manifest.open(file) as manifest:
        assert manifest.counts().n_files == N_FILES


@pytest.mark.parametrize(
    ("sql", "complaint"),
    [
        ("DELETE FROM files WHERE row = 3", "chunks of files that are not there"),
        ("UPDATE names SET n_references = n_references + 1 WHERE name = 'call'", "wrong number of references"),
        ("DELETE FROM bags WHERE row = 5", "1 chunks without their words"),
        ("UPDATE bags SET words = x'00' WHERE row = 5", "1 chunks whose words cannot be read"),
        ("DELETE FROM words_docsize WHERE id = 5", "1 chunks that cannot be found by words"),
        ("DELETE FROM symbols WHERE row % 1048576 = 1", "wrong number of symbols"),
        ("UPDATE vectors SET vector = x'00' WHERE row = 7", "1 vectors of another length"),
        ("DELETE FROM vectors WHERE row = 7", "1 chunks waiting without a vector"),
        ("INSERT INTO deletions SELECT id FROM chunks WHERE row = 1", "both there and to be deleted"),
    ],
)
def test_a_check_finds_what_does_not_agree(file: Path, sql: str, complaint: str) -> None:
    fill(file)
    connection = sqlite3.connect(file)
    connection.execute(sql)
    connection.commit()
    connection.close()

    with Manifest.open(file) as manifest:
        problems = manifest.check()

    assert any(complaint in problem for problem in problems), problems


WRITER = """
    import sys
    from pathlib import Path
    from recoder_lsp.index.store.manifest import Manifest
    from tests.index.indexed import function, indexed

    manifest = Manifest.open(Path(sys.argv[1]))
    manifest.use_model("m")
    round_number = int(manifest.get_meta("round") or 0)
    print("ready", flush=True)
    while True:
        round_number += 1
        with manifest.writing():
            for number in range(8):
                file = indexed(f"{number}.py", function(f"round_{round_number}", f"call_{round_number}()") + function("same"))
                manifest.put(file, {chunk.id: bytes(16) for chunk in file.chunks})
            manifest.remove([f"gone_{round_number - 1}.py"])
            manifest.put(indexed(f"gone_{round_number}.py", function("gone")), {})
            manifest.set_meta("round", str(round_number))
        if round_number % 10 == 0:
            manifest.finish_bulk()
"""


def test_a_killed_writer_leaves_the_last_whole_transaction(file: Path) -> None:
    moments = random.Random(11)
    last_round = 0
    for _ in range(8):
        writer = subprocess.Popen([sys.executable, "-c", textwrap.dedent(WRITER), str(file)], stdout=subprocess.PIPE, cwd=Path.cwd())
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(moments.uniform(0.02, 0.25))
        writer.send_signal(signal.SIGKILL)
        writer.wait(PATIENCE_S)
        writer.stdout.close()

        with Manifest.open(file) as manifest:
            assert manifest.check() == []
            round_number = int(manifest.get_meta("round") or 0)
            assert round_number >= last_round
            assert symbols_of(manifest) == ({f"round_{round_number}", "same", "gone"} if round_number else set())
            last_round = round_number
    assert last_round > 0


def symbols_of(manifest: ManifestReader) -> set[str]:
    return {symbol.name for stored in manifest.files() for symbol in manifest.outline(stored.path)}


def usable_or_damaged(file: Path) -> None:
    """Whatever is wrong with the file, nothing but a RecoderError comes out; what is asked twice is answered or refused."""
    try:
        manifest = Manifest.open(file)
    except ManifestDamaged:
        return
    try:
        use_everything(manifest)
    except ManifestDamaged:
        pass
    finally:
        manifest.close()


def set_version(file: Path, version: int) -> None:
    connection = sqlite3.connect(file)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("INSERT INTO meta VALUES ('open', 'twice')", sqlite3.IntegrityError),
        ("SELECT wrong syntax here", sqlite3.OperationalError),
        ("SELECT 1 FROM nowhere", ManifestDamaged),
    ],
)
def test_only_damage_is_called_damage(file: Path, sql: str, error: type[Exception]) -> None:
    with Manifest.open(file) as manifest, pytest.raises(error):
        manifest._database.change(sql)
