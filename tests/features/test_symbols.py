"""The outline of a document: how much of it is read, and that reading it holds nobody up."""

import asyncio

from recoder_lsp.document import Snapshot
from recoder_lsp.features import symbols
from recoder_lsp.index.process import wire
from recoder_lsp.index.records import Kind, Span, Symbol


class OneFolder:
    """A workspace whose index answers with many symbols."""

    def __init__(self, n_symbols):
        span = Span(0, 1, 0, 0, 0, 1)
        every = [Symbol(Kind.FUNCTION, f"f{number}", f"f{number}", "", "", span, span, None) for number in range(n_symbols)]
        self.answer = wire.decode(wire.encode({"result": every})[wire.HEADER_BYTES :])["result"]

    def place_of(self, uri):
        return self, "a.py"

    async def ask(self, method, params, *, timeout_s):
        return self.answer


SNAPSHOT = Snapshot("file:///w/a.py", "python", "x", 1)


async def test_of_very_many_symbols_the_first_are_shown():
    found = await symbols.document_symbols(OneFolder(symbols.MOST_IN_DOCUMENT + 1), SNAPSHOT)

    assert [symbol.name for symbol in found] == [f"f{number}" for number in range(symbols.MOST_IN_DOCUMENT)]


async def test_others_have_their_turn_while_many_symbols_are_read():
    turns = 0

    async def others():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    working = asyncio.create_task(others())
    await symbols.document_symbols(OneFolder(symbols.READ_AT_ONCE * 5), SNAPSHOT)
    working.cancel()

    assert turns >= 4
