"""The manifest: what was put in comes out, nothing else does, and counts stay right."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from recoder_lsp.index.records import FileStamp, IndexedFile, Kind, ReferenceKind, Symbol
from recoder_lsp.index.store.manifest import Manifest, ManifestReader, embedding_key
from recoder_lsp.index.store.manifest_matching import Matching
from tests.index.indexed import function, indexed, span

CODE = "from os import path\n\n\n" + function("parse_config", "return path.join(read_text())") + function("readText", "open(name)")


@pytest.fixture
def manifest(tmp_path: Path) -> Iterator[Manifest]:
    with Manifest.open(tmp_path / "manifest.sqlite") as manifest:
        yield manifest
        assert manifest.check() == []


# --- files


def test_a_file_comes_out_as_it_went_in(manifest: Manifest) -> None:
    file = indexed("src/app.py", CODE, FileStamp(123, 456))

    manifest.put(file, {})

    assert manifest.stamp("src/app.py") == (FileStamp(123, 456), file.content_hash)
    assert manifest.outline("src/app.py") == file.symbols
    assert manifest.references_in("src/app.py") == list(file.references)
    assert [(use.name, use.module) for use in manifest.imports_of("src/app.py")] == [("path", "os")]
    stored = manifest.chunks_of("src/app.py")
    assert [(chunk.id, chunk.name, chunk.start_byte, chunk.end_byte, chunk.content_hash) for chunk in stored] == [
        (chunk.id, chunk.name, chunk.start_byte, chunk.end_byte, chunk.content_hash) for chunk in file.chunks
    ]
    assert manifest.chunks_by_id([chunk.id for chunk in file.chunks]) == {chunk.id: chunk for chunk in stored}


def test_what_was_stored_is_there_after_reopening(tmp_path: Path) -> None:
    with Manifest.open(tmp_path / "manifest.sqlite") as manifest:
        manifest.put(indexed("a.py", CODE), {})
        manifest.set_meta("root", "/somewhere")

    with Manifest.open(tmp_path / "manifest.sqlite") as manifest:
        assert [file.path for file in manifest.files()] == ["a.py"]
        assert manifest.get_meta("root") == "/somewhere"
        assert found(manifest, "config") == ["parse_config"]


def test_files_are_listed_by_path_beyond_one_page(manifest: Manifest) -> None:
    paths = [f"{folder}/{number:04}.py" for folder in "ab" for number in range(1100)]
    with manifest.writing():
        for path in paths:
            manifest.put(indexed(path, ""), {})

    assert [file.path for file in manifest.files()] == paths
    assert [file.path for file in manifest.files("b/")] == paths[1100:]
    assert manifest.counts().n_files == 2200


def test_a_round_finds_the_files_that_were_not_seen(manifest: Manifest) -> None:
    for path in ("kept.py", "changed.py", "gone.py"):
        manifest.put(indexed(path, CODE, FileStamp(1, 1)), {})
    manifest.begin_round()

    known = {path: manifest.see(path, FileStamp(1, mtime)) for path, mtime in (("kept.py", 1), ("changed.py", 2), ("new.py", 1))}
    manifest.put(indexed("new.py", CODE), {})

    assert known == {"kept.py": True, "changed.py": False, "new.py": False}
    assert list(manifest.unseen()) == ["gone.py"]
    assert len(manifest.remove(manifest.unseen())) == 2
    assert list(manifest.unseen()) == []


def test_a_restamped_file_keeps_its_content(manifest: Manifest) -> None:
    file = indexed("a.py", CODE, FileStamp(1, 1))
    manifest.put(file, {})

    manifest.restamp("a.py", FileStamp(1, 9))

    assert manifest.stamp("a.py") == (FileStamp(1, 9), file.content_hash)


# --- words


def test_chunks_are_found_by_parts_of_identifiers_in_any_style(manifest: Manifest) -> None:
    manifest.put(indexed("a.py", CODE), {})

    assert found(manifest, "parse") == found(manifest, "parseconfig") == ["parse_config"]
    assert found(manifest, "text")[0] == "readText"
    assert found(manifest, "nowhere") == []


def test_a_word_in_a_name_counts_more_than_one_in_a_body(manifest: Manifest) -> None:
    manifest.put(indexed("a.py", function("other", "header = 1", "use(header)") + function("header_of", "return 1")), {})

    assert found(manifest, "header") == ["header_of", "other"]


def test_anything_may_be_asked_for(manifest: Manifest) -> None:
    manifest.put(indexed("a.py", CODE), {})

    for term in ('"', "a b", "*", "", "\0", "name:parse", "AND", "NEAR(", "\ud800", "§parse"):
        assert manifest.match([term, "parse"], 10) == manifest.match(["parse"], 10)
        manifest.document_frequencies(["parse"])
        manifest.symbols_like(term.replace("\ud800", ""), 10)


def test_likely_chunks_are_ranked_as_all_would_be(manifest: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    random_names = random.Random(7)
    words = ["parse", "config", "header", "file", "read", "write", "line", "socket", "request", "token"]
    with manifest.writing():
        for number in range(300):
            picked = random_names.sample(words, 4)
            manifest.put(indexed(f"{number}.py", function("_".join(picked[:2]), *picked) + function("other", *picked[:1])), {})
    everything = manifest.match(["parse", "config"], 10)

    monkeypatch.setattr("recoder_lsp.index.store.manifest_matching._FEW_MATCHES", 100)
    monkeypatch.setattr("recoder_lsp.index.store.manifest_matching._RANKED_PER_LIMIT", 2)
    likeliest = manifest.match(["parse", "config"], 10)

    assert [round(score, 6) for _, score in likeliest] == [round(score, 6) for _, score in everything]


def test_a_reader_that_remembers_words_finds_new_chunks_and_forgets_removed_ones(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recoder_lsp.index.store.manifest_matching._FEW_MATCHES", 0)
    for path in ("a.py", "b.py"):
        manifest.put(indexed(path, function(f"parse_{path[0]}")), {})

    with Manifest.reader(tmp_path / "manifest.sqlite") as reader:
        first = found(reader, "parse")
        manifest.remove(["a.py"])
        manifest.put(indexed("c.py", function("parse_c")), {})
        second = found(reader, "parse")

    assert sorted(first) == ["parse_a", "parse_b"]
    assert sorted(second) == ["parse_b", "parse_c"]


def test_remembered_words_are_bounded(manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recoder_lsp.index.store.manifest_matching._FEW_MATCHES", 0)
    monkeypatch.setattr("recoder_lsp.index.store.manifest_matching._MOST_REMEMBERED_ROWS", 3)
    manifest.put(indexed("a.py", function("alpha", "beta") + function("beta", "alpha") + function("gamma", "alpha", "beta")), {})

    with Manifest.reader(tmp_path / "manifest.sqlite") as reader:
        for word in ("alpha", "beta", "gamma"):
            assert found(reader, word) == found(manifest, word)
        matching: Matching = reader._matching

    assert sum(map(len, matching._remembered.values())) <= 3


def test_document_frequencies_follow_changes(manifest: Manifest) -> None:
    manifest.put(indexed("a.py", CODE), {})
    manifest.put(indexed("b.py", function("config")), {})
    before = manifest.document_frequencies(["config", "nowhere"])

    manifest.remove(["b.py"])

    assert before == {"config": 2}
    assert manifest.document_frequencies(["config"]) == {"config": 1}


# --- names


def test_definitions_are_found_by_name_and_by_prefix_in_any_case(manifest: Manifest) -> None:
    manifest.put(indexed("a.py", CODE), {})
    manifest.put(indexed("b.py", function("readText") + function("reader", "readText()")), {})

    assert [location.path for location in manifest.symbols_named(["readText"], 10)] == ["a.py", "b.py"]
    assert manifest.symbols_named(["readtext"], 10) == []
    assert names(manifest.symbols_starting_with("READ", 10)) == ["readText", "readText", "reader"]
    assert names(manifest.symbols_starting_with("", 10)) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("parseHTTPResponse", "parseHTTPResponse"),
        ("parsehttp", "parseHTTPResponse"),
        ("httpresp", "parseHTTPResponse"),
        ("phr", "parseHTTPResponse"),
        ("response parse", "parseHTTPResponse"),
        ("prshttp", "parseHTTPResponse"),
        ("load_conf", "load_config_file"),
        ("lcf", "load_config_file"),
        ("config", "load_config_file"),
    ],
)
def test_symbols_are_found_by_what_people_type(manifest: Manifest, query: str, expected: str) -> None:
    manifest.put(indexed("a.py", "".join(map(function, ("parseHTTPResponse", "load_config_file", "unrelated", "phrase")))), {})

    assert names(manifest.symbols_like(query, 5))[:2].count(expected) == 1
    assert "unrelated" not in names(manifest.symbols_like(query, 5))


def test_uses_are_found_and_counted(manifest: Manifest) -> None:
    manifest.put(indexed("a.py", function("one", "two()", "two()")), {})
    manifest.put(indexed("b.py", function("two", "one()")), {})

    assert [(path, use.line, use.kind) for path, use in manifest.references_to("two", 10)] == [
        ("a.py", 1, ReferenceKind.CALL),
        ("a.py", 2, ReferenceKind.CALL),
    ]
    assert manifest.reference_counts(["one", "two", "three"]) == {"one": 1, "two": 2, "three": 0}
    assert [location.n_references for location in manifest.symbols_named(["two"], 1)] == [2]
    assert [chunk.n_references for chunk in manifest.chunks_of("b.py")] == [2]


# --- replacing


def test_an_unchanged_chunk_keeps_its_row_and_vector_where_the_file_changes(manifest: Manifest) -> None:
    manifest.use_model("m")
    before = indexed("a.py", function("one") + function("two"))
    manifest.put(before, {chunk.id: chunk.name.encode() for chunk in before.chunks})
    rows = {chunk.name: chunk.row for chunk in manifest.chunks_of("a.py")}

    gone = manifest.put(indexed("a.py", "\n\n" + function("zero") + function("two")), {})

    chunks = {chunk.name: chunk for chunk in manifest.chunks_of("a.py")}
    assert gone == [before.chunks[0].id]
    assert chunks["two"].row == rows["two"]
    assert chunks["two"].start_line == 9
    assert chunks["zero"].row not in rows.values()
    assert dict(manifest.all_vectors()) == {before.chunks[1].id: b"two"}
    assert [manifest.chunks([row])[row].name for row in manifest.without_vectors(10)] == ["zero"]


def test_thousands_of_edits_of_one_file_leave_no_trace(manifest: Manifest, tmp_path: Path) -> None:
    sizes = []
    for round_number in range(4):
        for number in range(100):
            manifest.put(indexed("a.py", function(f"edit_{round_number}_{number}", f"call_{number}()") + function("same")), {})
        manifest.finish_bulk()
        sizes.append((tmp_path / "manifest.sqlite").stat().st_size)

    assert manifest.counts().n_chunks == 2
    assert manifest.document_frequencies(["edit", "same"]) == {"edit": 1, "same": 1}
    assert found(manifest, "edit") == ["edit_3_99"]
    assert manifest.reference_counts(["call_0", "call_99"]) == {"call_0": 0, "call_99": 1}
    assert sizes[-1] <= 2 * sizes[0]


def test_any_sequence_of_changes_ends_as_if_the_last_state_had_been_stored_at_once(manifest: Manifest, tmp_path: Path) -> None:
    random_edits = random.Random(3)
    files: dict[str, IndexedFile] = {}
    for _ in range(150):
        path = random_edits.choice("abcde") + ".py"
        if random_edits.random() < 0.3:
            manifest.remove([path])
            files.pop(path, None)
        else:
            picked = random_edits.sample(["alpha", "betaGamma", "delta_2", "gamma", "omega"], random_edits.randint(0, 4))
            files[path] = indexed(path, "".join(function(name, f"{random_edits.choice(picked)}()") for name in picked))
            manifest.put(files[path], {})
    with Manifest.open(tmp_path / "fresh.sqlite") as fresh:
        for file in files.values():
            fresh.put(file, {})

        assert manifest.check() == []
        assert manifest.counts() == fresh.counts()
        for word in ("alpha", "gamma", "2", "betagamma"):
            assert Counter(found(manifest, word)) == Counter(found(fresh, word))
            assert manifest.document_frequencies([word]) == fresh.document_frequencies([word])
            assert manifest.reference_counts([word]) == fresh.reference_counts([word])
            assert set(names(manifest.symbols_like(word, 50))) == set(names(fresh.symbols_like(word, 50)))


def test_two_chunks_with_one_id_are_refused(manifest: Manifest) -> None:
    file = indexed("a.py", function("one"))

    with pytest.raises(ValueError, match="same id"):
        manifest.put(replace(file, chunks=file.chunks * 2), {})

    assert list(manifest.files()) == []


def test_a_failing_transaction_leaves_nothing(manifest: Manifest) -> None:
    def fail() -> None:
        with manifest.writing():
            manifest.put(indexed("a.py", CODE), {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    manifest.put(indexed("b.py", CODE), {})

    assert [file.path for file in manifest.files()] == ["b.py"]


def test_unicode_comes_out_as_it_went_in(manifest: Manifest) -> None:
    name = "größe_名前"
    symbol = Symbol(Kind.CLASS, name, name, f"class {name}", "naïve\0\n💡", span("x", 0, 1), span("x", 0, 1), None)

    manifest.put(replace(indexed("schön/a.py", "x = 1\n"), symbols=(symbol,)), {})

    assert manifest.outline("schön/a.py") == (symbol,)
    assert names(manifest.symbols_like("名前", 5)) == [name]


# --- vectors


def test_new_vectors_wait_to_be_written_elsewhere_until_they_are_marked(manifest: Manifest) -> None:
    manifest.use_model("m")
    file = indexed("a.py", CODE)
    vectors = {chunk.id: bytes([number]) * 4 for number, chunk in enumerate(file.chunks)}

    manifest.put(file, vectors)
    waiting = manifest.unsynced(10)
    manifest.mark_synced([id for id, _ in waiting[1:]])

    assert dict(waiting) == vectors
    assert manifest.unsynced(10) == waiting[:1]
    manifest.mark_all_unsynced()
    assert manifest.n_unsynced() == len(vectors)


def test_a_removed_chunk_is_to_be_deleted_elsewhere_unless_it_comes_back(manifest: Manifest) -> None:
    manifest.use_model("m")
    file = indexed("a.py", function("one") + function("two"))
    vectors = {chunk.id: b"1234" for chunk in file.chunks}
    manifest.put(file, vectors)
    manifest.mark_synced(list(vectors))

    gone = manifest.remove(["a.py"])
    deletions = manifest.deletions(10)
    manifest.put(indexed("a.py", function("one")), vectors)

    assert sorted(gone) == sorted(deletions) == sorted(vectors)
    assert manifest.deletions(10) == [file.chunks[1].id]
    assert manifest.unsynced(10) == [(file.chunks[0].id, b"1234")]
    manifest.forget_deletions(manifest.deletions(10))
    assert manifest.deletions(10) == []


def test_a_moved_file_finds_its_vectors_again(manifest: Manifest) -> None:
    manifest.use_model("m")
    old, new = indexed("old.py", CODE), indexed("new.py", CODE)
    manifest.put(old, {chunk.id: chunk.id.encode() for chunk in old.chunks})
    manifest.remove(["old.py"])

    known = manifest.vectors_for(new.chunks, "m")

    assert {known[chunk.id] for chunk in new.chunks} == {chunk.id.encode() for chunk in old.chunks}
    assert not {chunk.id for chunk in new.chunks} & {chunk.id for chunk in old.chunks}


def test_vectors_of_another_model_are_never_given_out(manifest: Manifest) -> None:
    file = indexed("a.py", CODE)
    manifest.use_model("old")
    manifest.put(file, {chunk.id: b"1234" for chunk in file.chunks})

    assert manifest.vector_of([embedding_key(chunk) for chunk in file.chunks], "new") == {}
    assert manifest.use_model("new") is True
    assert manifest.use_model("new") is False
    assert list(manifest.all_vectors()) == manifest.unsynced(10) == []
    assert len(manifest.without_vectors(10)) == len(file.chunks)
    manifest.set_vectors({file.chunks[0].id: b"5678", "0" * 32: b"5678"})
    assert manifest.unsynced(10) == [(file.chunks[0].id, b"5678")]


def test_with_another_header_a_chunk_loses_its_vector(manifest: Manifest) -> None:
    manifest.use_model("m")
    file = indexed("a.py", function("one"))
    manifest.put(file, {file.chunks[0].id: b"1234"})

    manifest.put(replace(file, chunks=(replace(file.chunks[0], header="def other"),)), {})

    assert list(manifest.all_vectors()) == manifest.unsynced(10) == []
    assert manifest.deletions(10) == [file.chunks[0].id]


def test_old_leftovers_are_dropped(manifest: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recoder_lsp.index.store.manifest_vectors.MOST_LEFTOVER_VECTORS", 3)
    manifest.use_model("m")
    files = [indexed(f"{number}.py", function(f"f{number}")) for number in range(6)]
    for file in files:
        manifest.put(file, {file.chunks[0].id: b"1234"})
        manifest.remove([file.path])

    known = [bool(manifest.vectors_for(file.chunks, "m")) for file in files]

    assert known == [False, False, False, True, True, True]


# --- several at a time


def test_a_reader_sees_whole_files_only_while_another_writes(manifest: Manifest, tmp_path: Path) -> None:
    manifest.put(indexed("a.py", function("version_0", "use_0()")), {})
    stop = threading.Event()
    seen: list[str] = []
    failures: list[BaseException] = []

    def read() -> None:
        try:
            with Manifest.reader(tmp_path / "manifest.sqlite") as reader:
                while not stop.is_set() or not seen:
                    with reader.reading():
                        (symbol,) = reader.outline("a.py")
                        number = symbol.name.removeprefix("version_")
                        assert found(reader, "version") == [symbol.name]
                        assert reader.reference_counts([f"use_{number}"]) == {f"use_{number}": 1}
                        seen.append(number)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    for number in range(1, 200):
        manifest.put(indexed("a.py", function(f"version_{number}", f"use_{number}()")), {})
    stop.set()
    thread.join(30)

    assert failures == []
    assert [int(number) for number in seen] == sorted(int(number) for number in seen)


def test_a_reader_does_not_see_what_is_not_committed(manifest: Manifest, tmp_path: Path) -> None:
    with Manifest.reader(tmp_path / "manifest.sqlite") as reader:
        with manifest.writing():
            manifest.put(indexed("a.py", CODE), {})
            during = list(reader.files())
        after = list(reader.files())

    assert during == []
    assert [file.path for file in after] == ["a.py"]


def test_threads_may_share_a_manifest(manifest: Manifest) -> None:
    def write(letter: str) -> None:
        for number in range(20):
            with manifest.writing():
                manifest.put(indexed(f"{letter}{number}.py", CODE), {})
                manifest.put(indexed(f"{letter}.py", function(f"f{number}")), {})

    threads = [threading.Thread(target=write, args=(letter,)) for letter in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert manifest.counts().n_files == 63


def found(manifest: ManifestReader, *terms: str) -> list[str]:
    """The names of the chunks that have the words, best first."""
    rows = [row for row, _ in manifest.match(terms, 50)]
    chunks = manifest.chunks(rows)
    return [chunks[row].name for row in rows]


def names(locations) -> list[str]:
    return [location.symbol.name for location in locations]
