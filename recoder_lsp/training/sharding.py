"""Tokenises the documents of a corpus and relates the files of each package: the step from text to shards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import numpy as np

from recoder_lsp.index.syntax.parser import Parser
from recoder_lsp.training import tokenizer as t
from recoder_lsp.training.corpus import Document
from recoder_lsp.training.relations import NEAR_FILES, FileRelations, relations_of
from recoder_lsp.training.shards import Relations, Shards, Tokens

# A line cache of more text than that costs more memory than it saves time: half a gigabyte.
MOST_CACHED_CHARACTERS = 80_000_000
# How many times a process gets work: often enough that none is alone with much of it at the end.
TURNS = 8

Worked = list[tuple[list[Tokens], list[FileRelations]]]


def tokenised(documents: Iterable[Document], tokenize: t.Tokenize, *, processes: int = 1) -> Shards:
    """Tokenise documents into shards, and relate the files of each package; files of one package share a package number.

    Args:
        documents: Read to the end first: the files of a package may be anywhere. In the shards they are sorted by package.
        tokenize: The tokenizer of the model; to be pickled where there is more than one process.
        processes: How many to do it in.
    """
    # Files of one package together: they repeat each other, and pack better.
    ordered, members = sorted(documents, key=lambda document: document.package), dict[str, list[int]]()
    for index, document in enumerate(ordered):
        members.setdefault(document.package, []).append(index)
    groups = sorted(members.values(), key=lambda group: -sum(len(ordered[index].text) for index in group))
    # Large packages are dealt out first, so that all hands are about equal.
    dealt = [groups[turn :: TURNS * processes] for turn in range(TURNS * processes)] if processes > 1 else [groups]
    hands = [[[ordered[index] for index in group] for group in hand] for hand in dealt]
    files: list[Tokens] = [np.zeros(0, np.uint16)] * len(ordered)
    relations = [FileRelations() for _ in ordered]
    for hand, worked in zip(dealt, _worked(hands, tokenize, processes), strict=True):
        for group, (tokens, related) in zip(hand, worked, strict=True):
            for index, file, relation in zip(group, tokens, related, strict=True):
                files[index], relations[index] = file, relation
    numbers = {package: number for number, package in enumerate(members)}
    member_of = [members[document.package] for document in ordered]
    return Shards(
        np.concatenate(files) if files else np.zeros(0, np.uint16),
        np.cumsum([0, *map(len, files)], dtype=np.int64),
        np.array([numbers[document.package] for document in ordered], np.int32),
        [document.path for document in ordered],
        sum(len(document.text.encode("utf-8", "surrogatepass")) for document in ordered),
        _joined(ordered, relations, member_of),
    )


def _worked(hands: list[list[list[Document]]], tokenize: t.Tokenize, processes: int) -> Iterator[Worked]:
    if processes < 2:
        yield from (_work(hand, tokenize) for hand in hands)
        return
    with ProcessPoolExecutor(processes) as pool:
        begun = [pool.submit(_work, hand, tokenize) for hand in hands]
        for hand, work in zip(hands, begun, strict=True):
            try:
                yield work.result()
            except BrokenProcessPool:
                # Somewhere a parser crashed, and took the process and all other work with it.
                yield [_alone(package, tokenize) for package in hand]


def _alone(package: list[Document], tokenize: t.Tokenize) -> tuple[list[Tokens], list[FileRelations]]:
    """Work on one package in a process of its own; where that crashes, its files have nothing to do with each other."""
    with ProcessPoolExecutor(1) as pool:
        try:
            return pool.submit(_work, [package], tokenize).result()[0]
        except BrokenProcessPool:
            return _tokens(package, t.LineCache(tokenize)), [FileRelations() for _ in package]


def _work(packages: list[list[Document]], tokenize: t.Tokenize) -> Worked:
    """Tokenise and relate one package after another."""
    cache, n_characters, parser = t.LineCache(tokenize), 0, Parser()
    worked = []
    for documents in packages:
        worked.append((_tokens(documents, cache), relations_of(documents, parser)))
        n_characters += sum(len(document.text) for document in documents)
        if n_characters > MOST_CACHED_CHARACTERS:
            cache, n_characters = t.LineCache(tokenize), 0
    return worked


def _tokens(documents: list[Document], cache: t.LineCache) -> list[Tokens]:
    files: list[Tokens] = []
    for document in documents:
        tokens = cache.tokens(document.text)
        files.append(np.array(tokens, np.uint32 if max(tokens, default=0) > 0xFFFF else np.uint16))
    return files


def _joined(documents: list[Document], relations: list[FileRelations], member_of: list[list[int]]) -> Relations:
    """One table for each kind; positions within a package become positions in the table."""
    definition_starts = np.cumsum([0, *(len(relation.definitions) for relation in relations)], dtype=np.int64)
    near = np.full((len(documents), NEAR_FILES), -1, np.int32)
    uses: list[tuple[int, int]] = []
    for index, (relation, members) in enumerate(zip(relations, member_of, strict=True)):
        near[index, : len(relation.near)] = [members[file] for file in relation.near]
        uses += [(offset, int(definition_starts[members[file]]) + position) for offset, file, position in relation.uses]
    return Relations(
        np.array([len(document.text.encode("utf-8", "surrogatepass")) for document in documents], np.uint32),
        np.array([row for relation in relations for row in relation.definitions], np.uint32).reshape(-1, 5),
        definition_starts,
        np.array(uses, np.uint32).reshape(-1, 2),
        np.cumsum([0, *(len(relation.uses) for relation in relations)], dtype=np.int64),
        np.array([row for relation in relations for row in relation.imports], np.uint32).reshape(-1, 2),
        np.cumsum([0, *(len(relation.imports) for relation in relations)], dtype=np.int64),
        near,
    )
