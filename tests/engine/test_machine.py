"""How many threads a model gets."""

from __future__ import annotations

import pytest

from recoder_lsp.engine import machine


@pytest.mark.parametrize(
    ("cores", "wanted", "threads"),
    [(1, 0, 1), (2, 0, 1), (4, 0, 3), (16, 0, 4), (2, 2, 2), (2, 8, 2), (16, 12, 12), (4, -1, 3)],
)
def test_a_core_is_left_to_the_editor_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch, cores: int, wanted: int, threads: int) -> None:
    monkeypatch.setattr(machine, "usable_cores", lambda: cores)

    assert machine.threads_for(wanted) == threads


def test_what_the_machine_offers_is_at_least_something() -> None:
    assert machine.usable_cores() >= 1
    assert machine.available_memory_bytes() is None or machine.available_memory_bytes() > 0
