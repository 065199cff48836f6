"""Messages and records as bytes, there and back."""

import json
import math

import pytest

from recoder_lsp.config import IndexSettings
from recoder_lsp.index.process import wire
from recoder_lsp.index.process.wire import BrokenMessage, IndexState, Speaker, decode, encode
from recoder_lsp.index.records import Hit, Kind, Location, Span, Symbol

SPAN = Span(1, 2, 3, 4, 5, 6)
SYMBOL = Symbol(Kind.METHOD, "run", "Engine.run", "def run(self)", "Runs.", SPAN, SPAN, 0)
HIT = Hit("a/b.py", "python", 1, 2, "Engine.run", "method", 0.5, ("name", "words: run"), "def run():\n    …")


def there_and_back(value):
    return decode(encode({"value": value})[4:])["value"]


@pytest.mark.parametrize(
    ("read", "record"),
    [
        (wire.hit_of, HIT),
        (wire.symbol_of, SYMBOL),
        (wire.location_of, Location("a.py", "python", SYMBOL, 3)),
        (wire.state_of, IndexState("indexing", 1, 2, 3, 4, "why")),
        (wire.settings_of, IndexSettings(include=("a", "b"), cpu_percent=10)),
    ],
)
def test_a_record_comes_back_as_it_was(read, record):
    assert read(there_and_back(record)) == record


def test_names_that_are_not_utf8_come_back_as_they_were():
    assert there_and_back(["caf\udce9.py", "日本.py", "\ud800"]) == ["caf\udce9.py", "日本.py", "\ud800"]


def test_fields_of_a_later_version_do_not_disturb():
    assert wire.state_of({"phase": "idle", "mood": "good"}) == IndexState("idle")
    assert wire.settings_of({"mood": "good"}) == IndexSettings()


@pytest.mark.parametrize("value", [None, 5, [], {}, {"path": "a.py"}, {**json.loads(json.dumps(there_and_back(HIT))), "why": None}])
def test_what_is_no_hit_is_refused(value):
    with pytest.raises((ValueError, TypeError)):
        wire.hit_of(value)


@pytest.mark.parametrize("span", [None, [1, 2, 3], [1, 2, 3, 4, 5, "6"], {"start_byte": 1}])
def test_what_is_no_symbol_is_refused(span):
    with pytest.raises(ValueError, match="Span"):
        wire.symbol_of({**there_and_back(SYMBOL), "span": span})
    with pytest.raises(ValueError, match="nonsense"):
        wire.symbol_of({**there_and_back(SYMBOL), "kind": "nonsense"})


@pytest.mark.parametrize("settings", [None, [], {"enabled": 1}, {"include": "x"}, {"max_file_kb": 1.5}, {"watch": None}])
def test_what_are_no_settings_is_refused(settings):
    with pytest.raises(BrokenMessage):
        wire.settings_of(settings)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"5", b"null", b'{"a": NaN}', b'{"a": Infinity}', b"\xff", b"[" * 100_000])
def test_what_is_no_message_is_refused(body):
    with pytest.raises(BrokenMessage):
        decode(body)


@pytest.mark.parametrize("value", [math.nan, math.inf, object(), Kind, "x" * (wire.LIMIT_BYTES + 1)])
def test_what_cannot_be_sent_is_refused(value):
    with pytest.raises(ValueError, match=r"."):
        encode({"value": value})


def test_of_two_speakers_the_one_with_the_later_protocol_is_newer():
    def speaker(protocol: int, version: str) -> Speaker:
        return Speaker.of({"protocol": protocol, "version": version})

    assert speaker(1, "0.2.0") > speaker(1, "0.1.9") > speaker(1, "0.1")
    assert speaker(2, "0.1") > speaker(1, "3.0")
    assert speaker(1, "0.1.0+local") == speaker(1, "0.1.0")
    assert Speaker.of(wire.OURS.as_json()) == wire.OURS
