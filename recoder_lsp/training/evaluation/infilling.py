"""Infilling of one line of a short program (HumanEval-Infilling): how often the program then passes its tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from recoder_lsp.training.evaluation import child
from recoder_lsp.training.evaluation.completing import Completion, complete, running, settings_for
from recoder_lsp.training.evaluation.indexes import Item
from recoder_lsp.training.evaluation.report import Measured, Row, percent, percentile, summed_up


async def completions(tasks: Iterable[Item], model: Path, threads: int = 0) -> dict[str, Completion]:
    """Complete tasks, by "task_id": what stands before the hole is "prompt", what comes after it "suffix".

    The hole is a whole line with its end, and an editor shows it as an empty line: the caret does not stand before the text of
    the next one, as it would if prompt and suffix were joined as they are.
    """
    async with running(settings_for(model, threads)) as app:
        return {
            task["task_id"]: await complete(app, "solution.py", "python", task["prompt"], "\n" + task["suffix"], number)
            for number, task in enumerate(tasks)
        }


def score(tasks: Sequence[Item], found: Mapping[str, Completion]) -> Measured:
    """Run each program with its hole filled and its "test", which defines `check`, called with its "entry_point"."""
    texts = {id: completion.text for id, completion in found.items()}
    outcomes = child.run_all({task["task_id"]: program(task, texts.get(task["task_id"], "")) for task in tasks})
    rows = []
    for task in tasks:
        id = task["task_id"]
        got = found.get(id, Completion("", 0.0, 0.0))
        same = int(got.text.strip() == task["canonical_solution"].strip())
        outcome = {"right": int(outcomes[id] == "passed"), "same": same, "ms": round(got.ms, 1), "late": int(got.is_late)}
        rows.append(Row(id, (), outcome))
    return Measured(summed_up(rows, _figures), rows)


def program(task: Item, completion: str) -> str:
    """Return the program that tells whether a completion is right."""
    return f"{task['prompt']}{completion}\n{task['suffix']}{task['test']}\ncheck({task['entry_point']})\n"


def _figures(rows: Sequence[Row]) -> dict[str, float | None]:
    return {
        "n": len(rows),
        "passed": percent(sum(row.outcome["right"] for row in rows), len(rows)),
        "as written": percent(sum(row.outcome["same"] for row in rows), len(rows)),
        "late": int(sum(row.outcome["late"] for row in rows)),
        "ms p50": percentile([row.outcome["ms"] for row in rows], 0.5),
        "ms p95": percentile([row.outcome["ms"] for row in rows], 0.95),
    }
