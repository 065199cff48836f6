"""The command `recoder-lsp`: serves an editor by default; completes, indexes, searches, answers or examines itself on request."""

import argparse
import asyncio
import json
import logging
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from recoder_lsp import __version__, config, logs, privacy
from recoder_lsp.config import Problem, Settings, resolve, sources_on_disk
from recoder_lsp.errors import RecoderError
from recoder_lsp.index.records import Kind
from recoder_lsp.training.evaluation.steps import PARTS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, or 1 with the reason on stderr; wrong usage exits with 2."""
    chosen = _parser().parse_args(arguments)
    try:
        privacy.forbid_network(logging.getLogger("recoder_lsp.privacy"))
        if chosen.command == "complete":
            return _complete(chosen.place, as_json=chosen.json)
        if chosen.command == "doctor":
            return _doctor(as_json=chosen.json)
        if chosen.command == "index":
            return _index(chosen)
        if chosen.command == "search":
            return _search(chosen)
        if chosen.command == "hover":
            return _hover(chosen.place)
        if chosen.command == "chat":
            return _chat(chosen)
        if chosen.command == "learned":
            return _learned(erase=chosen.erase, as_json=chosen.json)
        if chosen.command == "eval":
            return _eval(chosen)
        return _serve(chosen.tcp, allow_remote=chosen.allow_remote)
    except RecoderError as error:
        print(f"recoder-lsp: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone, as in `recoder-lsp doctor | head`. Python must not flush to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="recoder-lsp",
        description="Code completion over the Language Server Protocol, computed on this machine. "
        "Without a command it serves an editor over standard input and output.",
        epilog="`recoder-lsp doctor` says whether everything is in place and how to connect your editor.",
    )
    parser.add_argument("--version", action="version", version=f"recoder-lsp {__version__}")
    parser.add_argument("--tcp", metavar="HOST:PORT", help="serve one client over TCP instead, for debugging")
    parser.add_argument(
        "--allow-remote", action="store_true", help="let --tcp listen beyond this machine: whoever connects can read what is open"
    )
    # Many editors add these of their own accord.
    parser.add_argument("--stdio", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--clientProcessId", help=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    complete = commands.add_parser("complete", help="print what would be inserted at one place of a file")
    complete.add_argument(
        "place", metavar="FILE:LINE:COL", help="line and column from 1, as compilers print them; the caret is before that column"
    )
    complete.add_argument("--json", action="store_true", help="print the text, the range it replaces, and timings")

    hover = commands.add_parser("hover", help="print what is known of the name at one place of a file")
    hover.add_argument("place", metavar="FILE:LINE:COL", help="line and column from 1, as compilers print them")

    doctor = commands.add_parser("doctor", help="examine the installation and show how to connect editors")
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")

    index = commands.add_parser("index", help="index a folder, so that it can be searched")
    index.add_argument("folder", metavar="PATH", nargs="?", type=Path, help="the folder; by default the one that this is in")
    what = index.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="compare the index with the files and with ChromaDB, and change nothing")
    what.add_argument("--rebuild", action="store_true", help="throw the index away and make it anew")
    what.add_argument("--stats", action="store_true", help="say what the index holds")
    index.add_argument("--json", action="store_true", help="print the outcome as JSON")

    search = commands.add_parser("search", help="find code by what it is about, by words or by name")
    search.add_argument("words", metavar="WORDS", nargs="+", help="a question, some words, or the name of a symbol")
    search.add_argument("--limit", type=int, default=10, metavar="N", help="at most so many hits (10)")
    search.add_argument("--per-file", type=int, default=2, metavar="N", help="at most so many of one file (2); 0 for any number")
    search.add_argument(
        "--kind",
        action="append",
        default=[],
        choices=[kind.value for kind in Kind],
        metavar="KIND",
        help=f"only symbols of this kind: {', '.join(Kind)}",
    )
    search.add_argument("--lang", action="append", default=[], metavar="LANGUAGE", help="only this language, such as python")
    search.add_argument("--path", action="append", default=[], metavar="PATH", help="only files in this folder, or that match this glob")
    search.add_argument("--workspace", type=Path, metavar="FOLDER", help="search this folder instead of the one that this is in")
    search.add_argument("--json", action="store_true", help="print a list of hits, best first")

    chat = commands.add_parser("chat", help="ask something about the code of a folder; without a chat model, the index answers")
    chat.add_argument(
        "message", metavar="WORDS", nargs="+", help="the question; @src/app.py:10-20 in it points at code, /explain begins a command"
    )
    chat.add_argument("--workspace", type=Path, metavar="FOLDER", help="ask about this folder instead of the one that this is in")
    chat.add_argument("--model", default="", metavar="MODEL", help="this chat model instead of models.chat")
    chat.add_argument("--temperature", type=float, metavar="T", help="how much chance there is in the answer, from 0 to 2")
    chat.add_argument("--json", action="store_true", help="print the answer, what it rests on, and timings as JSON")

    learned = commands.add_parser("learned", help="show what was counted of suggestions on this machine, or erase it")
    which = learned.add_mutually_exclusive_group()
    which.add_argument("--erase", action="store_true", help="erase all of it")
    which.add_argument("--json", action="store_true", help="print every count as JSON")

    evaluate = commands.add_parser("eval", help="cut holes into a folder's files and measure how well ghost text fills them; some minutes")
    evaluate.add_argument("folder", metavar="PATH", type=Path, help="the folder; nothing in it is changed")
    evaluate.add_argument("--holes", type=int, default=100, metavar="N", help="at most so many (100)")
    evaluate.add_argument("--seed", type=int, default=0, metavar="N", help="other holes for another number (0)")
    evaluate.add_argument(
        "--languages", nargs="+", default=(), metavar="LANGUAGE", help="only these, such as python, not all that are code"
    )
    evaluate.add_argument(
        "--without",
        nargs="*",
        choices=PARTS,
        default=PARTS,
        metavar="PART",
        help=f"then also without each of these, on some of the holes: {', '.join(PARTS)} (all of them; none if nothing is named)",
    )
    evaluate.add_argument("--json", type=Path, metavar="FILE", help="write every figure of every hole to this file; it holds no code")
    return parser


def _serve(tcp: str | None, *, allow_remote: bool) -> int:
    from recoder_lsp import server

    if tcp is not None:
        host, port = _address(tcp)
        return server.serve_tcp(host, port, allow_remote)
    if sys.stdin is not None and sys.stdin.isatty():
        print("recoder-lsp: waiting for an editor on standard input. `recoder-lsp --help` shows what else there is.", file=sys.stderr)
    return server.serve_stdio()


def _complete(place: str, *, as_json: bool) -> int:
    from recoder_lsp.complete_once import Completed, complete_at

    settings = _settings_of(Path.cwd())
    file, line, column = _place(place, "complete")
    completed: Completed = asyncio.run(complete_at(file, line, column, settings))
    if as_json:
        print(json.dumps(completed.as_json(), indent=2))
    elif completed.insertion:
        print(completed.insertion)
    else:
        print("recoder-lsp: no suggestion here.", file=sys.stderr)
    return 0


def _doctor(*, as_json: bool) -> int:
    from recoder_lsp import doctor

    settings, problems = _settings()
    findings = asyncio.run(doctor.examine(settings, problems, os.environ))
    print(doctor.as_json(findings) if as_json else doctor.as_text(findings))
    return 1 if any(finding.verdict == "fail" for finding in findings) else 0


def _index(chosen: argparse.Namespace) -> int:
    from recoder_lsp import index_commands

    home = config.home(os.environ)
    root = index_commands.folder_named(chosen.folder) if chosen.folder is not None else index_commands.root_of(Path.cwd(), home)
    settings = _settings_of(root).index
    if chosen.check:
        problems = asyncio.run(index_commands.check(root, home, settings))
        print(json.dumps(problems, indent=2) if chosen.json else "\n".join(problems) or "Manifest, files and vectors agree.")
        return 1 if problems else 0
    if chosen.stats:
        stats = asyncio.run(index_commands.stats(root, home, settings))
        print(json.dumps(stats, indent=2) if chosen.json else index_commands.stats_as_text(root, stats))
        return 0
    summary = asyncio.run(index_commands.index(root, home, settings, rebuild=chosen.rebuild))
    print(json.dumps(summary, indent=2) if chosen.json else index_commands.summary_as_text(root, summary))
    return 0


def _search(chosen: argparse.Namespace) -> int:
    from recoder_lsp import index_commands

    home = config.home(os.environ)
    root = index_commands.folder_named(chosen.workspace) if chosen.workspace is not None else index_commands.root_of(Path.cwd(), home)
    wanted = index_commands.Search(
        " ".join(chosen.words), max(chosen.limit, 0), tuple(chosen.kind), tuple(chosen.lang), tuple(chosen.path), max(chosen.per_file, 0)
    )
    hits = asyncio.run(index_commands.search(wanted, root, home, _settings_of(root).index))
    if chosen.json:
        print(index_commands.hits_as_json(hits))
    elif hits:
        print(index_commands.hits_as_text(hits))
    else:
        print("recoder-lsp: nothing found.", file=sys.stderr)
    return 0


def _hover(place: str) -> int:
    from recoder_lsp import hover_command, index_commands
    from recoder_lsp.features import hover_text

    file, line, column = _place(place, "hover")
    root = index_commands.root_of(file.parent, config.home(os.environ))
    settings = _settings_of(root)
    description = asyncio.run(hover_command.describe_at(file, line, column, root, settings))
    if description is None:
        print("recoder-lsp: nothing is known here.", file=sys.stderr)
    else:
        print(hover_text.in_plain_text(description, authors=settings.hover.authors))
    return 0


def _chat(chosen: argparse.Namespace) -> int:
    from recoder_lsp import chat_command, index_commands

    root = (
        index_commands.folder_named(chosen.workspace)
        if chosen.workspace is not None
        else index_commands.root_of(Path.cwd(), config.home(os.environ))
    )
    if chosen.temperature is not None and not 0 <= chosen.temperature <= 2:
        raise RecoderError(f"--temperature is a number from 0 to 2, not {chosen.temperature}.")
    asked = chat_command.Asked(" ".join(chosen.message), chosen.model, chosen.temperature)
    streams = sys.stdout.isatty() and not chosen.json
    answer = asyncio.run(chat_command.ask(asked, root, _settings_of(root), _printed if streams else lambda text: None))
    if chosen.json:
        print(chat_command.as_json(answer))
        return 0
    print(answer.notes if streams else answer.markdown)
    if sources := chat_command.sources_as_text(answer):
        print(f"\n{sources}")
    return 0


def _printed(text: str) -> None:
    print(text, end="", flush=True)


def _learned(*, erase: bool, as_json: bool) -> int:
    from recoder_lsp import learned_command
    from recoder_lsp.learning_store import LearningStore

    store = LearningStore(config.home(os.environ))
    if erase:
        print("Everything that was learned is erased." if store.erase() else "Nothing was learned yet.")
    else:
        print(json.dumps(learned_command.as_json(store), indent=2) if as_json else learned_command.as_text(store))
    return 0


def _eval(chosen: argparse.Namespace) -> int:
    from recoder_lsp import eval_command, index_commands

    root = index_commands.folder_named(chosen.folder)
    wanted = eval_command.Wanted(max(chosen.holes, 1), chosen.seed, tuple(chosen.languages), tuple(chosen.without))
    report = eval_command.evaluate(root, wanted, _settings_of(root), lambda line: print(line, file=sys.stderr, flush=True))
    if chosen.json is not None:
        report.save(chosen.json)
    print(eval_command.as_text(report))
    return 0


def _settings_of(workspace: Path) -> Settings:
    settings, problems = _settings(workspace)
    for problem in problems:
        print(f"recoder-lsp: {problem}", file=sys.stderr)
    return settings


def _settings(workspace: Path | None = None) -> tuple[Settings, list[Problem]]:
    """The settings as the server has them before an editor adds its own, by default with the working directory as the workspace."""
    sources, unreadable = sources_on_disk(workspace or Path.cwd(), os.environ)
    settings, problems = resolve(sources)
    logs.configure(settings.log.level, Path(settings.log.file) if settings.log.file else None)
    return settings, [*unreadable, *problems]


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise RecoderError(f"--tcp takes HOST:PORT, not {text!r}.", "For example: --tcp 127.0.0.1:8765")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _place(text: str, command: str) -> tuple[Path, int, int]:
    match = re.fullmatch(r"(.+):0*([1-9][0-9]{0,8}):0*([1-9][0-9]{0,8})", text, re.DOTALL)
    if match is None:
        raise RecoderError(f"{command} takes FILE:LINE:COL, not {text!r}.", f"For example: recoder-lsp {command} src/app.py:12:5")
    return Path(match[1]), int(match[2]), int(match[3])
