"""Words remembered by a reader: chunks that are gone neither take places nor count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from recoder_lsp.index.store.manifest import Manifest
from recoder_lsp.index.store.manifest_matching import Matching
from tests.index.indexed import function, indexed


@pytest.fixture
def manifest(tmp_path: Path) -> Iterator[Manifest]:
    with Manifest.open(tmp_path / "manifest.sqlite") as manifest:
        yield manifest


@pytest.mark.parametrize("most_places", [0, 1 << 40])
def test_chunks_that_are_gone_take_no_place_of_living_ones(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_places: int
) -> None:
    monkeypatch.setattr("recoder_lsp.index.store.manifest_matching._FEW_MATCHES", 10)
    monkeypatch.setattr("recoder_lsp.index.store.manifest_matching._MOST_PLACES_PER_ROW", most_places)
    monkeypatch.setattr("recoder_lsp.index.store.manifest_matching._MUCH_NEW", 1000)
    for number in range(60):
        manifest.put(indexed(f"gone_{number}.py", function("parse_more")), {})
    for number in range(10):
        manifest.put(indexed(f"kept_{number}.py", function("parse")), {})

    with Manifest.reader(tmp_path / "manifest.sqlite") as reader:
        assert max(row for row, _ in reader.match(["parse", "more"], 10)) <= 60
        manifest.remove([f"gone_{number}.py" for number in range(60)])
        after = [sorted(row for row, _ in reader.match(["parse", "more"], 10)) for _ in range(2)]

    assert after == [list(range(61, 71))] * 2


def test_words_do_not_seem_ever_more_frequent_to_a_reader(manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recoder_lsp.index.store.manifest_matching._FEW_MATCHES", 0)
    for number in range(20):
        manifest.put(indexed(f"{number}.py", function("parse")), {})

    with Manifest.reader(tmp_path / "manifest.sqlite") as reader:
        for turn in range(50):
            manifest.put(indexed("0.py", function("parse", f"turn = {turn}")), {})
            reader.match(["parse"], 2)
        matching: Matching = reader._matching

        assert matching.frequencies(["parse"])["parse"] <= 22
