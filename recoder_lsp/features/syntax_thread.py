"""The thread on which open documents are parsed for code actions and the like, so that the event loop never waits for a parse."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from recoder_lsp.document import Snapshot
from recoder_lsp.index.syntax.parser import Parser
from recoder_lsp.index.syntax.tree import SyntaxTree

# 1 ms for 10,000 characters.
LONGEST_TEXT = 1_000_000
REMEMBERED_TREES = 4

T = TypeVar("T")


class SyntaxThread:
    """Belongs to the event loop; what is run on it may use the parser that it is given. The thread starts with the first question."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="recoder-syntax")
        self._parser = Parser(for_outlines=False)
        self._trees: OrderedDict[Snapshot, SyntaxTree | None] = OrderedDict()

    async def run(self, work: Callable[[Parser], T]) -> T:
        """Return what this returns; cancelled before its turn it never begins."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, work, self._parser)

    async def with_tree(self, snapshot: Snapshot, work: Callable[[SyntaxTree], T]) -> T | None:
        """Return what this makes of a document's tree; None where there is none: an unknown language, or too long a text."""

        def walk(parser: Parser) -> T | None:
            tree = self._tree(parser, snapshot)
            return work(tree) if tree is not None else None

        return await self.run(walk) if len(snapshot.text) <= LONGEST_TEXT else None

    def close(self) -> None:
        """Begin nothing more; what runs is left to end by itself."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _tree(self, parser: Parser, snapshot: Snapshot) -> SyntaxTree | None:
        if snapshot not in self._trees:
            self._trees[snapshot] = parser.tree(snapshot.text, parser.language(snapshot.path, snapshot.language, snapshot.text))
        self._trees.move_to_end(snapshot)
        if len(self._trees) > REMEMBERED_TREES:
            self._trees.popitem(last=False)
        return self._trees[snapshot]
