"""The sub-command `learned`: what was counted of suggestions on this machine, as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from recoder_lsp.learning_store import LearningStore

HEADINGS = ("shown", "accepted", "in part", "typed", "rejected", "right", "after 30 s", "after 5 min")


def as_json(store: LearningStore) -> list[dict[str, Any]]:
    """Return every count as it is stored, by day, language, source and decile of the predicted probability."""
    rows = store.totals("day", "language", "source", "decile")
    return [
        {"day": day, "language": language, "source": source, "decile": int(decile), **events}
        for (day, language, source, decile), events in sorted(rows.items())
    ]


def as_text(store: LearningStore) -> str:
    """Return tables by language and source, and by how sure the prediction was.

    Raises:
        LearningLost: The store cannot be read.
    """
    days = sorted(store.totals("day"))
    if not days:
        return "Nothing was learned yet."
    by_source = {" ".join(where): events for where, events in sorted(store.totals("language", "source").items())}
    by_decile = {f"{decile}0 to {int(decile) + 1}0 %": events for (decile,), events in sorted(store.totals("decile").items())}
    everything = sum(by_source.values(), Counter[str]())
    return "\n".join(
        [
            f"Suggestions since {days[0][0]}, counted on this machine alone. No code is kept.",
            "",
            *_table("language, source", {**by_source, "all": everything}),
            "",
            *_table("predicted", by_decile),
            "",
            "typed: by hand, exactly as suggested. right: accepted or typed, of those that were accepted, typed or rejected.",
            "after 30 s, 5 min: how much of the accepted text still stood.",
            f"`recoder-lsp learned --erase` erases all of it; it lies in {store.file}",
        ]
    )


def _table(title: str, rows: Mapping[str, Counter[str]]) -> list[str]:
    width = max(map(len, [title, *rows]))
    lines = [title.ljust(width) + "".join(heading.rjust(13) for heading in HEADINGS)]
    return lines + [name.ljust(width) + "".join(cell.rjust(13) for cell in _cells(events)) for name, events in rows.items()]


def _cells(n: Counter[str]) -> list[str]:
    right = n["accepted"] + n["typed"] + n["partly"] / 2
    decided = n["accepted"] + n["typed"] + n["partly"] + n["rejected"]
    counted = [f"{n[event]:,}" for event in ("shown", "accepted", "partly", "typed", "rejected")]
    shares = [(right, decided), (n["standing_30_s"], n["checked_30_s"]), (n["standing_5_min"], n["checked_5_min"])]
    return counted + [f"{part / whole:.0%}" if whole > 0 else "-" for part, whole in shares]
