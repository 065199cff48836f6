"""Lives of an index process that are cut short: what it does until it is killed, and whether its heirs find all in order."""

from __future__ import annotations

import random
import resource
from multiprocessing.connection import Connection
from pathlib import Path

from recoder_lsp.config import IndexSettings
from recoder_lsp.errors import RecoderError
from recoder_lsp.index.files.scanner import Scanner, ScanRules, SourceText
from recoder_lsp.index.files.sources import content_hash
from recoder_lsp.index.folder_index import MANIFEST, FolderIndex
from recoder_lsp.index.phrases import storing
from recoder_lsp.index.process.place import Place
from recoder_lsp.index.store.manifest import Manifest
from tests.index.small_folder import function

N_FOLDERS, N_FILES = 8, 30
VERIFIED = 4


def generate(root: Path) -> None:
    """Some hundred files, each with a word that no other has."""
    for folder in range(N_FOLDERS):
        (root / f"folder_{folder}").mkdir(parents=True)
        for number in range(N_FILES):
            (root / f"folder_{folder}" / f"file_{number}.py").write_text(text_of(f"folder_{folder}/file_{number}.py", 0))


def text_of(path: str, version: int) -> str:
    word = path.removesuffix(".py").replace("/", "_")
    return function(f"{word}_in_version_{version}", f'"""Number {version} of {word}."""') + function("shared", f"use({word})")


def live(root: Path, home: Path, seed: int, told: Connection) -> None:
    """Open what the one before left, verify it, say so, and then do everything that an index does, until killed."""
    chance = random.Random(seed)
    try:
        index = FolderIndex.open(root, home, IndexSettings())
        told.send(verify(root, home, index, chance))
        while True:
            index = act(root, home, index, chance)
    except BaseException as error:
        told.send([f"{type(error).__name__}: {error}"])
        raise


def act(root: Path, home: Path, index: FolderIndex, chance: random.Random) -> FolderIndex:
    """One thing that an index does; returns the index that is open afterwards."""
    match chance.choice(("save", "save", "type", "type", "branch", "branch", "flush", "phrases", "phrases", "reopen", "rebuild")):
        case "save":
            index.update([changed(root, chance) for _ in range(chance.randint(1, 5))])
        case "type":
            paths = [f"folder_0/file_{chance.randrange(N_FILES)}.py" for _ in range(5)]
            for path in paths:
                index.open_buffer(path, text_of(path, chance.randrange(10**6)), "python")
            index.flush(lambda: chance.random() < 0.2)
            for path in paths:
                index.close_buffer(path)
        case "branch":
            for _ in range(60):
                changed(root, chance)
            complete_round(index, chance)
        case "flush":
            index.flush(lambda: chance.random() < 0.2)
        case "phrases":
            index.keep_phrases(lambda: chance.random() < 0.002)
        case _ as ending:
            index.close()
            if ending == "rebuild":
                Place(home).clear()
            index = FolderIndex.open(root, home, IndexSettings())
            complete_round(index, chance)
    return index


def changed(root: Path, chance: random.Random) -> str:
    """Write, delete or create one file; returns its path."""
    path = f"folder_{chance.randrange(N_FOLDERS)}/file_{chance.randrange(N_FILES + 5)}.py"
    if chance.random() < 0.25:
        (root / path).unlink(missing_ok=True)
    else:
        (root / path).write_text(text_of(path, chance.randrange(10**6)))
    return path


def complete_round(index: FolderIndex, chance: random.Random) -> None:
    while not index.reconcile(lambda _: None, lambda: chance.random() < 0.02).complete:
        pass


def verify(root: Path, home: Path, index: FolderIndex, chance: random.Random) -> list[str]:
    """Problems: with what is found at once, and with everything after a round."""
    files = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.py"))
    some = chance.sample(files, VERIFIED)
    problems = [problem for path in some for problem in wrong_hits(root, index, path)]
    complete_round(index, chance)
    problems += [f"after a round: {problem}" for problem in index.check()]
    problems += [f"{path} is not found" for path in some if not is_found(root, index, path)]
    problems += [problem for path in some for problem in wrong_hits(root, index, path)]
    while not index.flush(lambda: False):
        pass
    problems += [f"after a flush: {problem}" for problem in index.check()]
    with Manifest.reader(home / MANIFEST) as reader:
        stored = {file.path: file.content_hash for file in reader.files()}
    if stored != {path: content_hash((root / path).read_text()) for path in files}:
        problems.append("not everything that is stored is what the files say")
    while not index.keep_phrases(lambda: False):
        pass
    phrases = storing.read(home / storing.PHRASES)
    if dict(zip(phrases.paths, phrases.hashes, strict=True)) != stored:
        problems.append("the phrases are not those of the files")
    return problems


def wrong_hits(root: Path, index: FolderIndex, path: str) -> list[str]:
    """Hits that the files do not have just there, and symbols that are nowhere."""
    scanner = Scanner(root, ScanRules())
    word = path.removesuffix(".py").replace("/", "_")
    problems = []
    for hit in index.answer("search", {"text": word, "limit": 20})["hits"]:
        source = scanner.read(hit.path)
        lines = source.text.split("\n")[hit.start_line : hit.end_line + 1] if isinstance(source, SourceText) else []
        if hit.text.rstrip() != "\n".join(lines).rstrip():
            problems.append(f"{hit.path} does not have what is quoted of it")
    for location in index.answer("symbols", {"query": word, "limit": 20})["symbols"]:
        source = scanner.read(location.path)
        if not isinstance(source, SourceText) or location.symbol.name not in source.text:
            problems.append(f"{location.path} does not have the symbol that is found in it")
    return problems


def is_found(root: Path, index: FolderIndex, path: str) -> bool:
    first_line = (root / path).read_text().partition("\n")[0]
    name = first_line.removeprefix("def ").removesuffix("():")
    hits = index.answer("search", {"text": name, "limit": 3})["hits"]
    # A killed process may have left an empty file, or a part of one.
    return not name or any(hit.path == path and first_line in hit.text for hit in hits)


def fill_the_disk(root: Path, home: Path, limit_bytes: int, told: Connection) -> None:
    """Index with files that cannot grow beyond a size; then with room again. Tells what went wrong in each part."""
    chance = random.Random(limit_bytes)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, unlimited[1]))
    failures, problems = [], []
    for _ in range(3):
        try:
            index = FolderIndex.open(root, home, IndexSettings())
        except RecoderError as error:
            failures.append(error.message)
            continue
        try:
            complete_round(index, chance)
            index.flush(lambda: False)
        except RecoderError as error:
            failures.append(error.message)
        if problem := [each for each in index.check() if "memory only" in each]:
            failures += problem
        for path in sorted(path.relative_to(root).as_posix() for path in root.rglob("*.py"))[:VERIFIED]:
            problems += wrong_hits(root, index, path)
        index.close()
    told.send((failures, problems))
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    index = FolderIndex.open(root, home, IndexSettings())
    told.send(verify(root, home, index, chance))
    index.close()
