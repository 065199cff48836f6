"""Refactors programs in every place that there is, and runs what comes out: it has to do what they did before."""

from __future__ import annotations

import contextlib
import io
import itertools
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from recoder_lsp.document import Snapshot
from recoder_lsp.features.actions.evaluations import EVALUATIONS
from recoder_lsp.features.actions.offering import Offer, Site
from recoder_lsp.features.edits import applied, require_sound
from recoder_lsp.index.syntax.parser import Parser
from recoder_lsp.index.syntax.tree import Node, SyntaxTree, descendants

Provider = Callable[[Site], Iterable[Offer]]


def outcomes(parser: Parser, text: str, language: str, provider: Provider) -> Iterator[tuple[str, str | None]]:
    """(what was selected, the program afterwards or None where it was refused) for each expression, name and run of statements."""
    tree = parser.tree(text, language)
    assert tree is not None
    for start, end in selections(tree):
        site = Site(Snapshot("file:///work/a", language, text, 1), start, end, tree)
        for offer in provider(site):
            if offer.disabled or offer.change is None:
                yield text[start:end], None
                continue
            edits = offer.change().edits
            require_sound(parser, language, text, edits)
            yield text[start:end], applied(text, edits)


def python_says(program: str) -> str:
    """What a program prints, and how it ends."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            exec(compile(program, "program", "exec"), {"__name__": "program"})
        except Exception as error:
            print(type(error).__name__)
    return said.getvalue()


def node_says(folder: Path, programs: list[str]) -> list[str]:
    """The same for programs of JavaScript, in one process."""
    (folder / "run.js").write_text(_RUN)
    for i, program in enumerate(programs):
        (folder / f"{i}.js").write_text(program)
    run = subprocess.run(["node", "run.js", str(len(programs))], cwd=folder, capture_output=True, text=True, check=True, timeout=60)
    return run.stdout.split("\x00")[:-1]


def selections(tree: SyntaxTree) -> list[tuple[int, int]]:
    """Each expression, name and run of statements, as offsets."""
    return sorted(set(_selections(tree)))


def _selections(tree: SyntaxTree) -> Iterator[tuple[int, int]]:
    evaluation = EVALUATIONS[tree.language]
    for node in descendants(tree.root):
        if node.type in evaluation.values or node.type == "identifier":
            yield tree.start(node), tree.end(node)
        if node.type in evaluation.blocks:
            yield from _runs(tree, node)


def _runs(tree: SyntaxTree, block: Node) -> Iterator[tuple[int, int]]:
    for first, last in itertools.combinations_with_replacement(block.named_children, 2):
        yield tree.start(first), tree.end(last)


_RUN = """
const fs = require("fs"), vm = require("vm");
for (let i = 0; i < Number(process.argv[2]); i++) {
  const said = [];
  const context = vm.createContext({ print: (...all) => said.push(all.map((each) => JSON.stringify(each)).join(" ")) });
  try { vm.runInContext(fs.readFileSync(`${i}.js`, "utf8"), context); } catch (error) { said.push(error.constructor.name); }
  process.stdout.write(said.join("\\n") + "\\0");
}
"""
