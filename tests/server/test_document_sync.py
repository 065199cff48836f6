"""The server's text stays the editor's text, whatever is typed. The reference below works on encoded code units."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.server.talking import URI, Conversation, changed, notification, opened

CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
FAR = 2**31 - 1

pieces = st.sampled_from([*"ab \t(\v\f\x1c\x1d\x1e\x85\u2028\u2029\r\n", "\r\n", "\n\n", "é", "漢字", "😀", "👩‍👧", "e\u0301"])
texts = st.lists(pieces, max_size=24).map("".join)
positions = st.tuples(st.integers(0, 9) | st.just(FAR), st.integers(0, 12) | st.just(FAR))


@dataclass(frozen=True)
class Edit:
    start: tuple[int, int]
    end: tuple[int, int]
    text: str
    whole: bool

    def as_change(self) -> dict[str, object]:
        if self.whole:
            return {"text": self.text}
        start, end = ({"line": line, "character": character} for line, character in (self.start, self.end))
        return {"range": {"start": start, "end": end}, "text": self.text}


edits = st.builds(Edit, positions, positions, texts, st.integers(0, 9).map(lambda number: number == 0))


class Reference:
    """A document as a list of code units, each searched and replaced anew: slow, and nothing shared with the server."""

    def __init__(self, text: str, encoding: str) -> None:
        self.codec, self.unit_bytes = CODECS[encoding]
        self.units = self._units(text)

    @property
    def text(self) -> str:
        return b"".join(self.units).decode(self.codec)

    def apply(self, edit: Edit) -> None:
        if edit.whole:
            self.units = self._units(edit.text)
            return
        start, end = sorted((self._index(*edit.start), self._index(*edit.end)))
        self.units[start:end] = self._units(edit.text)

    def _units(self, text: str) -> list[bytes]:
        raw = text.encode(self.codec)
        return [raw[idx : idx + self.unit_bytes] for idx in range(0, len(raw), self.unit_bytes)]

    def _index(self, line: int, character: int) -> int:
        carriage_return, line_feed = self._units("\r\n")
        idx = 0
        while line > 0:
            if idx == len(self.units):
                return idx
            if self.units[idx] == carriage_return and self.units[idx + 1 : idx + 2] == [line_feed]:
                idx += 1
            if self.units[idx] in (carriage_return, line_feed):
                line -= 1
            idx += 1
        while character > 0 and idx < len(self.units) and self.units[idx] not in (carriage_return, line_feed):
            idx += 1
            character -= 1
        while idx < len(self.units) and self._continues_a_character(self.units[idx]):
            idx -= 1
        return idx

    def _continues_a_character(self, unit: bytes) -> bool:
        if self.unit_bytes == 1:
            return 0x80 <= unit[0] < 0xC0
        return self.unit_bytes == 2 and 0xDC <= unit[1] < 0xE0


@pytest.fixture(params=CODECS, scope="module")
def conversation(request: pytest.FixtureRequest) -> Iterator[Conversation]:
    async def begin() -> Conversation:
        talk = Conversation()
        capabilities = {"general": {"positionEncodings": [request.param]}}
        assert talk.initialize(capabilities=capabilities)["capabilities"]["positionEncoding"] == request.param
        return talk

    # Notifications are handled at once: the loop need not run between them.
    loop = asyncio.new_event_loop()
    yield loop.run_until_complete(begin())
    loop.close()


def text_of(conversation: Conversation) -> str:
    assert conversation.protocol.session is not None
    snapshot = conversation.protocol.session.documents.snapshot(URI)
    assert snapshot is not None
    return snapshot.text


@settings(max_examples=300, deadline=None)
@given(text=texts, notifications=st.lists(st.lists(edits, min_size=1, max_size=3), max_size=8))
def test_after_any_edits_the_server_has_the_editors_text(conversation, text, notifications):
    reference = Reference(text, conversation.protocol.session.encoding)
    conversation.say(opened(text))

    for number, batch in enumerate(notifications):
        conversation.say(changed(*(edit.as_change() for edit in batch), version=number + 2))
        for edit in batch:
            reference.apply(edit)
        assert text_of(conversation) == reference.text

    conversation.say(notification("textDocument/didClose", {"textDocument": {"uri": URI}}))
    assert conversation.protocol.session.documents.snapshot(URI) is None


def test_half_a_surrogate_pair_is_kept_out_of_the_text(conversation):
    conversation.say(opened("a\ud83d"))
    conversation.say(changed(Edit((0, 1), (0, 1), "\ude00", False).as_change()))

    assert text_of(conversation) == "a\ufffd\ufffd"


def test_versions_that_go_backwards_are_counted_and_served(conversation):
    conversation.say(opened("old", version=7))
    conversation.say(changed({"text": "new"}, version=3))

    assert text_of(conversation) == "new"
    assert conversation.app.metrics.snapshot()["counts"]["documents.version_not_newer"] >= 1


@pytest.mark.parametrize("version", [None, "3", 2.5])
def test_an_editor_without_versions_is_served(conversation, version):
    conversation.say(opened("old"))
    conversation.say(changed(Edit((0, 0), (0, 0), "very ", False).as_change(), version=version))

    assert text_of(conversation) == "very old"


def test_a_change_of_an_unknown_document_is_served_if_it_brings_the_whole_text(conversation):
    insertion = Edit((0, 0), (0, 0), "x", False).as_change()

    conversation.say(changed(insertion, uri="file:///nowhere.py"))
    conversation.say(changed(insertion, {"text": "whole"}, insertion, uri="file:///late.py"))

    documents = conversation.protocol.session.documents
    assert documents.snapshot("file:///nowhere.py") is None
    assert documents.snapshot("file:///late.py").text == "xwhole"


def test_a_range_of_null_means_the_whole_text(conversation):
    conversation.say(opened("old"))
    conversation.say(changed({"range": None, "text": "new"}))

    assert text_of(conversation) == "new"


@pytest.mark.parametrize(
    "change",
    [
        {"range": {"start": "here"}, "text": "x"},
        {"range": {"start": {"line": 0}, "end": {"line": 0, "character": 0}}, "text": "x"},
        {"range": [], "text": "x"},
        {"text": 5},
        {},
        None,
    ],
)
def test_a_document_whose_edit_was_not_understood_is_not_used_until_its_text_is_known_again(conversation, change):
    conversation.say(opened("old"))
    conversation.say(changed(change))
    assert conversation.protocol.session.documents.snapshot(URI) is None

    conversation.say(changed({"text": "new"}))
    assert text_of(conversation) == "new"
