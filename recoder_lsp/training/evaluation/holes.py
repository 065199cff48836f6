"""Cuts holes into a repository's own lines: at a line's start, between tokens, in a word; half where another file is needed."""

from __future__ import annotations

import hashlib
import heapq
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from random import Random

from recoder_lsp.index.records import Kind
from recoder_lsp.index.search.related import same_family
from recoder_lsp.index.store.manifest_reading import ManifestReader
from recoder_lsp.training.evaluation.indexes import Item

# What people type letter by letter, and what a program is: in other files a right line says little.
NOT_CODE = frozenset({"plaintext", "markdown", "html", "css", "json", "jsonc", "toml", "yaml"})
LEAST_CHARACTERS, MOST_CHARACTERS = 8, 120
# A shorter rest is not worth a suggestion.
LEAST_MISSING = 4
SHARES = {"start": 0.4, "mid": 0.4, "word": 0.2}
# Lines are looked at in their order until enough of both kinds are found, or so many times as many as are wanted.
LOOKED_AT = 40
# A name that more places define may mean none of them; a shorter one is everywhere.
MANY_DEFINITIONS, SHORTEST_NAME = 3, 4

_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_TOKEN = re.compile(r"[A-Za-z_$][\w$]*|\d[\w.]*|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[^\s\w]")
_WORD = re.compile(r"[^\W\d_]{2}")
_COMMENT = re.compile(r"#(?!include|define|if|\[)|//|/\*|\*(?:[\s/]|$)|--(?:\s|\[)|<!--|;;|%%")
_LONG_STRING = re.compile(r"\"\"\"|'''")
_TEXT = re.compile(r"""[A-Za-z]{0,2}(?P<quote>["'`]).*(?P=quote)[,;)]*""")
_DEFINED = frozenset(
    {
        *(Kind.CLASS, Kind.INTERFACE, Kind.STRUCT, Kind.ENUM, Kind.FUNCTION, Kind.METHOD, Kind.CONSTRUCTOR),
        *(Kind.CONSTANT, Kind.TYPE, Kind.MACRO, Kind.ENUM_MEMBER),
    }
)


@dataclass(frozen=True, order=True)
class _Line:
    """A line that a hole may be cut into; the order is that of chance."""

    rank: int
    path: str
    number: int
    text: str
    language: str

    def random(self) -> Random:
        return Random(self.rank)


def cut(
    reader: ManifestReader,
    text_of: Callable[[str], str | None],
    repository: str,
    n_holes: int,
    seed: int = 0,
    languages: Collection[str] = (),
) -> list[Item]:
    """Cut holes into a repository; the same ones for the same seed, and mostly the same after small changes of its files.

    Args:
        reader: Of its index: it says which files count, and where names are defined.
        text_of: Gives the text of a file, None where there is none any more.
        repository: How it is called in the items.
        n_holes: At most so many: half on lines that use a name of another file, as far as there are such lines.
        seed: Other holes for another number.
        languages: Only these; without any, all that are code.
    """
    files = [file for file in reader.files() if (file.language in languages if languages else file.language not in NOT_CODE)]
    texts = {file.path: text_of(file.path) or "" for file in files}
    lines = (line for file in files for line in _lines(file.path, file.language, texts[file.path], seed))
    chosen: dict[bool, list[_Line]] = {True: [], False: []}
    for line in heapq.nsmallest(LOOKED_AT * n_holes, lines):
        chosen[_uses_another_file(reader, line)].append(line)
        if all(len(found) >= (n_holes + 1) // 2 for found in chosen.values()):
            break
    n_crossing = min(len(chosen[True]), max((n_holes + 1) // 2, n_holes - len(chosen[False])))
    taken = sorted(chosen[True][:n_crossing] + chosen[False][: n_holes - n_crossing])
    wanted = {line.text.strip() for line in taken}
    seen = Counter(stripped for text in texts.values() for each in text.split("\n") if (stripped := each.strip()) in wanted)
    return [_hole(repository, line, texts[line.path], line in chosen[True], seen[line.text.strip()] - 1) for line in taken]


def code_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines worth completing, with their numbers: no comments, no documentation, no closers, nothing that is over at once."""
    closing = ""
    for number, line in enumerate(text.split("\n")):
        stripped = line.strip()
        if closing:
            closing = "" if closing in stripped else closing
            continue
        opened = _LONG_STRING.search(stripped)
        if opened and stripped.count(opened[0]) % 2:
            closing = opened[0]
        elif stripped.startswith("/*") and "*/" not in stripped:
            closing = "*/"
        elif LEAST_CHARACTERS <= len(stripped) <= MOST_CHARACTERS and _is_code(stripped):
            yield number, line


def caret_in(line: str, random: Random) -> tuple[str, int]:
    """Choose where the caret stands on a line: how that is called, and how many characters are before it."""
    indentation, end = len(line) - len(line.lstrip()), len(line.rstrip())
    tokens = [match for match in _TOKEN.finditer(line) if match.start() >= indentation]
    places = {
        "start": [indentation],
        "mid": [match.end() for match in tokens if match.end() <= end - LEAST_MISSING],
        "word": [
            place
            for match in tokens
            if _NAME.fullmatch(match[0])
            for place in range(match.start() + 1, match.end() - 1)
            if place <= end - LEAST_MISSING
        ],
    }
    kind = random.choices(list(SHARES), list(SHARES.values()))[0]
    kind = kind if places[kind] else "start"
    return kind, random.choice(places[kind])


def _lines(path: str, language: str, text: str, seed: int) -> Iterator[_Line]:
    for number, line in code_lines(text):
        rank = hashlib.blake2b(f"{seed} {path} {number} {line}".encode("utf-8", "replace"), digest_size=8)
        yield _Line(int.from_bytes(rank.digest()), path, number, line, language)


def _is_code(stripped: str) -> bool:
    is_text = _TEXT.fullmatch(stripped) is not None
    return _WORD.search(stripped) is not None and not is_text and _COMMENT.match(stripped) is None


def _uses_another_file(reader: ManifestReader, line: _Line) -> bool:
    """Say whether a name on the line is defined in another file, and not in its own."""
    names = sorted({name for name in _NAME.findall(line.text) if len(name) >= SHORTEST_NAME})
    places: dict[str, list[str]] = {}
    for found in reader.symbols_named(names, len(names) * (MANY_DEFINITIONS + 1), MANY_DEFINITIONS + 1):
        is_elsewhere = found.symbol.kind in _DEFINED and same_family(found.language, line.language)
        places.setdefault(found.symbol.name, []).append(found.path if is_elsewhere else line.path)
    return any(len(paths) <= MANY_DEFINITIONS and line.path not in paths for paths in places.values())


def _hole(repository: str, line: _Line, text: str, crosses: bool, n_elsewhere: int) -> Item:
    start = sum(len(each) + 1 for each in text.split("\n")[: line.number])
    mode, column = caret_in(line.text, line.random())
    caret, content = start + column, line.text.rstrip()
    line_end = "\r" if line.text.endswith("\r") else ""
    return {
        "id": f"{line.path}#{line.number + 1}:{column + 1}",
        "repo": repository,
        "path": line.path,
        "language": line.language,
        "languageId": line.language,
        "mode": mode,
        "gold": content[column:],
        "prefix": text[:caret],
        "suffix": line_end + text[start + len(line.text) :],
        "cross_file": crosses,
        "dup_in_repo": n_elsewhere,
    }
