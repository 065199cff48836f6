"""Text out of the bytes of a file whose encoding nobody told."""

from __future__ import annotations

import codecs
import re

from recoder_lsp.index.files.judging import Reason

# The longer mark first: that of UTF-32 begins with that of UTF-16.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
HEAD_BYTES = 8_192
# Text has tabs, line ends, form feeds, and now and then an escape sequence; a tenth of all bytes it never has.
MAX_CONTROL_SHARE = 0.1
# Detection looks at the lines that are not ASCII only. More of them make it slower and not much surer.
SAMPLE_BYTES = 4_096
# How messy the detector may find the outcome, from 0 to 1.
MAX_CHAOS = 0.1
# How much of the sample has to be words of a language that it knows, or characters of several bytes that fit together.
MIN_CERTAINTY = 0.2
# One accented name in a comment is too little to tell one Western encoding from another, and nothing is lost by a wrong guess.
MAX_WESTERN_SHARE = 0.02


def decoded(data: bytes) -> tuple[str, str] | Reason:
    """The text and the name of its encoding, without a byte order mark; BINARY or NOT_TEXT where there is none.

    A lone carriage return becomes a line feed; a pair of both stays as it is.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            found = _as(encoding, data)
            # Two bytes of UTF-16 may say it too.
            return Reason.BINARY if found is not None and "\0" in found[0] else found or Reason.NOT_TEXT
    if b"\0" in data:
        return Reason.BINARY
    head = data[:HEAD_BYTES]
    if len(head) - len(head.translate(None, _CONTROLS)) > MAX_CONTROL_SHARE * len(head):
        return Reason.BINARY
    return _as("utf-8", data) or _as_declared(data) or _as_detected(data) or Reason.NOT_TEXT


def with_plain_breaks(text: str) -> str:
    r"""Make a lone \r end a line as \n does; no offset changes."""
    return re.sub(r"\r(?!\n)", "\n", text) if "\r" in text else text


def _as(encoding: str, data: bytes) -> tuple[str, str] | None:
    try:
        text = data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None
    return with_plain_breaks(text), encoding


def _as_declared(data: bytes) -> tuple[str, str] | None:
    """By what the file says of itself: `coding: latin-1`, `charset=...`, `encoding="..."` near its top."""
    found = _DECLARATION.search(data[:1_024])
    if found is None:
        return None
    try:
        known = codecs.lookup(found[1].decode("ascii"))
    except LookupError:
        return None
    # Not every codec makes text (rot13, hex), and UTF-8 has been tried.
    if known.name not in _DECLARABLE and not known.name.startswith(("iso8859", "cp125", "cp8", "koi8", "mac-", "euc_", "gb")):
        return None
    return _as(known.name, data)


def _as_detected(data: bytes) -> tuple[str, str] | None:
    from charset_normalizer import from_bytes

    foreign = len(data) - len(data.translate(None, _NOT_ASCII))
    if foreign <= MAX_WESTERN_SHARE * len(data) and not _WITHIN_NO_WORD.search(data):
        return _as("cp1252", data)
    lines = b"\n".join(line for line in data[: 64 * SAMPLE_BYTES].split(b"\n") if not line.isascii())[:SAMPLE_BYTES]
    matches = from_bytes(lines, threshold=MAX_CHAOS)
    best = matches.best()
    if best is None or max(best.coherence, best.multi_byte_usage) < MIN_CERTAINTY:
        return None
    # Many single-byte encodings agree on the letters of a text, or nearly. Then it is the one that most such files are in.
    equals = [match.encoding for match in matches if (match.chaos, match.coherence) == (best.chaos, best.coherence)]
    return _as("cp1252" if "cp1252" in equals else best.encoding, data)


_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\v\f\r\x1b\b") + b"\x7f"
_NOT_ASCII = bytes(range(128, 256))
_DECLARATION = re.compile(rb"(?i)(?:coding|charset)[:=]\s{0,4}[\"']?([-\w.]{2,40})")
_DECLARABLE = frozenset({"shift_jis", "cp932", "big5", "big5hkscs", "johab", "hz", "iso2022_jp"})
# Two foreign bytes in a row, or one that no Western letter or sign of typing has in either Latin-1 or Windows-1252.
_WITHIN_NO_WORD = re.compile(rb"[\x80-\xff]{2}|[\x81\x8d\x8f\x90\x9d]")
