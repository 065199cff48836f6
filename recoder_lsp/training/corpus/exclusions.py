"""What may not be learnt, because it is what the result is measured on: repositories, and texts that repeat an evaluation item."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OVERLAP_WORDS = 13

# Names and numbers only: with punctuation, 13 words in a row are an idiom that everybody writes.
_WORD = re.compile(r"\w+")
# A pointer, an attribute and a directive begin like comments, and are none.
_COMMENT_LINE = re.compile(r"^\s*(?:#(?!include\b|define\b|!?\[)|//|/\*|\*(?:\s|/|$)).*$", re.MULTILINE)
_REPOSITORY = re.compile(r"(?:github|gitlab|codeberg)[^/:\s]*[/:]([\w.-]+/[\w.-]+)|^\"?([\w.-]+/[\w.-]+)\"?$", re.IGNORECASE)


def repositories(text: str) -> list[str]:
    """Find every OWNER/NAME in a package's links, in small letters: the form in which exclusions are written."""
    found = [(match[1] or match[2]).lower().removesuffix(".git") for match in _REPOSITORY.finditer(text)]
    # Links to a person's or an organisation's page look the same.
    return [name for name in found if name.split("/")[0] not in ("sponsors", "orgs")]


@dataclass(frozen=True)
class Exclusions:
    """The excluded repositories as OWNER/NAME or OWNER/*, their names, and every run of 13 words of the evaluation items."""

    repositories: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    runs: frozenset[tuple[str, ...]] = frozenset()
    _words: frozenset[str] = field(default=frozenset(), repr=False)

    @classmethod
    def read(cls, repositories: Path, evaluation: Iterable[Path] = ()) -> Exclusions:
        """Read the list of repositories and index every 13-word run of the evaluation files (JSON lines, may be gzipped)."""
        listed = [line.strip().lower() for line in repositories.read_text("utf-8").splitlines() if line.strip() and line[0] != "#"]
        runs: set[tuple[str, ...]] = set()
        for path in evaluation:
            opener = gzip.open if path.suffix == ".gz" else open
            with opener(path, "rt", encoding="utf-8") as lines:
                for line in lines:
                    for text in _evaluated_texts(json.loads(line)):
                        for words in _both_readings(text):
                            runs.update(tuple(words[at : at + OVERLAP_WORDS]) for at in range(len(words) - OVERLAP_WORDS + 1))
        names = frozenset(entry.split("/")[1] for entry in listed)
        return cls(frozenset(listed), names, frozenset(runs), frozenset(word for run in runs for word in run))

    def names_package(self, name: str, repository: str) -> bool:
        """Say whether a package is built from an excluded repository, by its name or its declared home.

        A scoped name (@babylonjs/core) says little: it counts when the home is unknown, or is called the same.
        """
        scope, _, last = name.lower().rpartition("/")
        named = last in self.names and (not scope or not repository or repository.rpartition("/")[2] in self.names)
        return named or self.has_repository(repository)

    def has_repository(self, repository: str) -> bool:
        """Say whether a repository, as OWNER/NAME, is excluded by itself or with all of its owner's."""
        return repository in self.repositories or f"{repository.split('/')[0]}/*" in self.repositories

    def home(self, links: Sequence[str]) -> str:
        """Return the repository that counts as a package's home: an excluded one before all others, "" without a link."""
        return min(links, key=lambda link: not self.has_repository(link), default="")

    def overlap(self, text: str) -> bool:
        """Say whether the text shares a run of 13 words with an evaluation item, comments between them or not."""
        for words in _both_readings(text):
            known = 0
            for at, word in enumerate(words, 1):
                known = known + 1 if word in self._words else 0
                if known >= OVERLAP_WORDS and tuple(words[at - OVERLAP_WORDS : at]) in self.runs:
                    return True
        return False


def _both_readings(text: str) -> Iterator[list[str]]:
    """Yield the words of a text, and its words without the lines that are comments."""
    yield _WORD.findall(text)
    yield _WORD.findall(_COMMENT_LINE.sub("", text))


def _evaluated_texts(item: dict[str, Any]) -> Iterator[str]:
    """Yield the texts of one evaluation item that a model must not have seen."""
    if "canonical_solution" in item:
        yield item["prompt"] + item["canonical_solution"] + item["suffix"]
        yield item["test"]
    elif "gold" in item:
        # The neighbourhood of the caret, and no comments: a shared licence text is no leak.
        yield _COMMENT_LINE.sub("", item["prefix"][-1500:] + item["gold"] + item["suffix"][:800])
