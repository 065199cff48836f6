"""Explanation by infilling: does a model read the body when it writes documentation, and does it find a function's name?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from recoder_lsp.engine.fim import Budget, Place, Prompter
from recoder_lsp.engine.llama import LlamaModel
from recoder_lsp.training.corpus import Document
from recoder_lsp.training.evaluation import functions, likelihood
from recoder_lsp.training.evaluation.completing import complete, running, settings_for
from recoder_lsp.training.evaluation.report import Measured, Row, percent, summed_up

# Of the body, more than ghost text sees of what follows the caret.
BUDGET = Budget(prefix=300, suffix=400)
_FIRST_NAME = re.compile(r"\s*([\w$]+)")


def documentation(files: Mapping[str, Sequence[Document]], model: LlamaModel, n_functions: int) -> Measured:
    """Ask how likely the first line of the documentation is, before its own code and before that of another function.

    What was written cannot be expected word for word; that its own code makes it likelier can.
    """
    rows, prompter = [], Prompter(model)
    for language, documents in files.items():
        found = _spread(list(functions.documented(documents)), n_functions)
        for number, function in enumerate(found if len(found) > 1 else []):
            other = found[(number + 1) % len(found)]
            bits, n_bytes = _bits(function, function.with_code(function.code), prompter, model)
            of_another, _ = _bits(function, function.with_code(other.code), prompter, model)
            outcome = {"bits": bits, "bits before another": of_another, "bytes": n_bytes, "right": int(bits < of_another)}
            rows.append(Row(_id(function), (language,), outcome))
    return Measured(summed_up(rows, _documentation_figures), rows)


async def names(files: Mapping[str, Sequence[Document]], model: Path, n_functions: int, threads: int = 0) -> Measured:
    """Ask for the names of functions, greedily, with everything else of the file there."""
    rows = []
    async with running(settings_for(model, threads)) as app:
        for language, documents in files.items():
            for number, function in enumerate(_spread(list(functions.named(documents)), n_functions)):
                path = function.document.path
                completion = await complete(app, path, language, function.before, function.after, number)
                name = _FIRST_NAME.match(completion.text)
                groups = (language, "used in its file" if function.is_used else "not used in its file")
                rows.append(Row(_id(function), groups, {"right": int(bool(name and name[1] == function.name))}))
    return Measured(summed_up(rows, _name_figures), rows)


def _bits(function: functions.Documented, following: str, prompter: Prompter, model: LlamaModel) -> tuple[float, int]:
    """Return the bits of the words, and their bytes, when so much follows them."""
    document = function.document
    prompt = prompter.prompt(Place(document.path, document.language, function.before, following), BUDGET)
    tokens = model.tokenize(prompt.healing.decode("utf-8", "replace") + function.words)
    given, owed = list(prompt.tokens), len(prompt.healing)
    while tokens and owed >= (size := len(model.piece(tokens[0]))) > 0:
        given, tokens, owed = [*given, tokens[0]], tokens[1:], owed - size
    return likelihood.of_tokens(given, tokens, model), len(function.words.encode())


def _spread(found: list[functions.Documented] | list[functions.Named], n_functions: int) -> list:  # type: ignore[type-arg]
    return found[:: max(len(found) // n_functions, 1)][:n_functions]


def _id(function: functions.Documented | functions.Named) -> str:
    return f"{function.document.package} {function.document.path}#{function.line + 1}"


def _documentation_figures(rows: Sequence[Row]) -> dict[str, float | None]:
    n_bytes = sum(row.outcome["bytes"] for row in rows) or 1
    own, other = (sum(row.outcome[name] for row in rows) / n_bytes for name in ("bits", "bits before another"))
    return {
        "n": len(rows),
        "bits a byte before its own code": own,
        "before another's": other,
        "its own is better": percent(sum(row.outcome["right"] for row in rows), len(rows)),
    }


def _name_figures(rows: Sequence[Row]) -> dict[str, float | None]:
    return {"n": len(rows), "exact": percent(sum(row.outcome["right"] for row in rows), len(rows))}
