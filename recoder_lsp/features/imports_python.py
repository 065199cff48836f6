"""Imports of Python files: extends a `from module import ...`, or adds one below the imports at the top."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from recoder_lsp.features.import_scan import Insertion, at_the_top, below, end_of_line, line_break_of

_SPACE = r"[ \t]"
_PIECE = re.compile(
    r"""(?P<string>(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}))|(?P<open_string>\"{3}|'{3})"""
    r"""|\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])*'?|(?P<comment>\#[^\n]*)|(?P<bracket>[()\[\]{}])|(?P<joined>\\\r?\n)|(?P<newline>\n)"""
    r"""|[^\"'#()\[\]{}\\\n]+|\\""",
    re.DOTALL,
)
_FROM = re.compile(rf"from{_SPACE}+(?P<module>\.*[\w.]*){_SPACE}*\bimport\b(?P<names>.*)", re.DOTALL)
_SOUND = re.compile(rf"from{_SPACE}+\.*[\w.]*{_SPACE}*\bimport\b{_SPACE}*[\w(*\\]|import{_SPACE}+[\w\\]")
_DOCSTRING = re.compile(r"[rRuUbB]{0,2}[\"']")
_NAMES_ON_A_LINE = re.compile(rf"{_SPACE}*\w+(?:{_SPACE}+as{_SPACE}+\w+)?(?:{_SPACE}*,{_SPACE}*\w+(?:{_SPACE}+as{_SPACE}+\w+)?)*")
_BETWEEN_IMPORTS = re.compile(r"#|(?:if|else|elif|try|except|finally)\b|sys\.path\b|__\w+__[ \t]*=")
_LONGEST_LINE = 120

# What gives a name a meaning, seen from the name.
_BOUND_BY_WHAT_FOLLOWS = re.compile(r"[ \t]*(?::[^=\n]*)?=(?!=)|[ \t]*:=")
_BOUND_BY_WHAT_IS_BEFORE = re.compile(
    r"\b(?:def|class|type)[ \t]+\Z|\b(?:for|as|global|nonlocal)[ \t]+(?:[\w, \t(*]*[,(*][ \t]*)?\Z|\blambda\b[^:]*\Z"
    r"|^[ \t]*import[ \t]+(?:[\w., \t]*,[ \t]*)?\Z|^[ \t]*from[ \t]+[\w.]+[ \t]+import[ \t(]+(?:[\w, \t]*,[ \t]*)?\Z"
)
_TARGETS_BEFORE, _TARGETS_AFTER = re.compile(r"[ \t]*[\w.,*()\[\] \t]*\Z"), re.compile(r"[\w.,*()\[\] \t]*,?[\w.,*()\[\] \t]*=(?!=)")
_IN_BRACKETS = re.compile(r"(?:\bdef[ \t]+\w+[ \t]*(?:\[[^\]]*\])?\((?:[^()]|\([^()]*\))*|\bimport[ \t]*\([^)]*)\Z")
_SEEN_AROUND, _SEEN_OF_BRACKETS, _MOST_USES_SEEN, _LONGEST_HEAD = 400, 1_500, 50, 64_000


@dataclass(frozen=True)
class _Statement:
    """A logical line of the module's top level; `end` is before its line break."""

    start: int
    end: int
    text: str

    @property
    def is_import(self) -> bool:
        return re.match(r"(?:import|from)\b", self.text) is not None


class _NotUnderstood(Exception):
    """The text is not what this scan can follow."""


def python_insertion(path: str, text: str, target: str, name: str, module: str, alias: str = "") -> Insertion | None:
    """See imports.insertion. Without a module, one is made of the target's path."""
    statements = _head(text)
    if statements is None:
        return None
    imports = _leading_imports(statements)
    if alias:
        name = f"{name} as {alias}" if name else ""
    if not name:
        return _new_line(text, statements, imports, f"import {module} as {alias}" if alias else f"import {module}")
    froms = [(statement, match) for statement in imports if (match := _FROM.match(statement.text))]
    wanted = _without_ending(target) if target else None
    names_of_target = {module, _module_of(target)} - {""}
    for statement, match in froms:
        if match["module"] in names_of_target or (match["module"].startswith(".") and _resolved(match["module"], path) == wanted):
            if "*" in match["names"]:
                return None
            extended = _extended(text, statement, match, name)
            if extended is not None:
                return extended
    module = module or _module_of(target)
    written = [match["module"] for _, match in froms]
    if target and any(each.startswith(".") for each in written) and not any(each.split(".")[0] == module.split(".")[0] for each in written):
        module = _relative(path, target) or module
    if not module:
        return None
    return _new_line(text, statements, imports, f"from {module} import {name}")


# All items of a menu ask about the same text.
@lru_cache(maxsize=1)
def _head(text: str) -> tuple[_Statement, ...] | None:
    """The statements of the top level up to the first function or class; None for what this scan cannot follow."""
    try:
        return tuple(_statements(text))
    except _NotUnderstood:
        return None


def _statements(text: str) -> Iterator[_Statement]:
    start, depth, at = 0, 0, 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if at > _LONGEST_HEAD or piece is None or piece.lastgroup == "open_string":
            raise _NotUnderstood
        at = piece.end()
        if piece.lastgroup == "bracket":
            depth = max(depth + (1 if piece[0] in "([{" else -1), 0)
        if at < len(text) and (piece.lastgroup != "newline" or depth):
            continue
        end = piece.start() if piece.lastgroup == "newline" else at
        statement = _Statement(start, end - 1 if text[end - 1 : end] == "\r" else end, text[start:end].rstrip())
        start = at
        if statement.is_import and (depth or not _SOUND.match(statement.text)):
            raise _NotUnderstood
        if re.match(r"(?:def|class|async|@)\b|@", statement.text):
            yield statement
            return
        if statement.text[:1] not in ("", " ", "\t"):
            yield statement


def _leading_imports(statements: Sequence[_Statement]) -> list[_Statement]:
    """The imports at the top: one further below may come too late for what uses the name."""
    found: list[_Statement] = []
    for statement in statements:
        if statement.is_import:
            found.append(statement)
        elif found and not _BETWEEN_IMPORTS.match(statement.text):
            break
    return found


def _extended(text: str, statement: _Statement, match: re.Match[str], name: str) -> Insertion | None:
    """The name added to what the statement imports; None where that needs more than an insertion."""
    names_start = statement.start + match.start("names")
    names = match["names"]
    if "\\" in names:
        return None
    if not names.lstrip().startswith("("):
        found = _NAMES_ON_A_LINE.match(names)
        rest = names[found.end() :].strip() if found else ""
        if found is None or (rest and not rest.startswith("#")):
            return None
        if len(statement.text) + len(name) + 2 > _LONGEST_LINE:
            return None
        return Insertion(names_start + found.end(), f", {name}")
    close = names.rfind(")")
    if close < 0 or (names[close + 1 :].strip() and not names[close + 1 :].strip().startswith("#")):
        return None
    inside = names[: names.find("(") + 1], names[names.find("(") + 1 : close]
    listed = inside[1].rstrip()
    if not listed.strip():
        return None
    listed_end = names_start + len(inside[0]) + len(listed)
    if "\n" not in inside[1]:
        return Insertion(listed_end, f" {name}," if listed.endswith(",") else f", {name}")
    return _in_lines(text, inside[1], listed_end, names_start + close, name)


def _in_lines(text: str, inside: str, listed_end: int, close: int, name: str) -> Insertion | None:
    """The name on a line of its own before the closing bracket."""
    newline = line_break_of(text)
    lines = [line for line in inside.split("\n") if line.strip()]
    last = lines[-1]
    indentation = last[: len(last) - len(last.lstrip())]
    code = last.partition("#")[0].rstrip()
    if not text[text.rfind("\n", 0, close) + 1 : close].isspace() and text[close - 1 : close] != "\n":
        # The bracket stands behind the last name.
        return Insertion(listed_end, f",{newline}{indentation}{name}") if "#" not in last and indentation else None
    if code.endswith(","):
        return Insertion(end_of_line(text, listed_end), f"{newline}{indentation}{name},")
    if "#" in last or not code:
        return None
    return Insertion(listed_end, f",{newline}{indentation}{name}")


def _new_line(text: str, statements: Sequence[_Statement], imports: list[_Statement], statement: str) -> Insertion:
    """A statement of its own: below the last import, else below the module's docstring, else at the top."""
    newline = line_break_of(text)
    if imports:
        last = imports[-1]
        apart = newline if re.match(r"from\s+__future__\b", last.text) else ""
        return below(text, last.end, apart + statement)
    first = next((each for each in statements if not each.text.startswith("#")), None)
    if first is not None and _DOCSTRING.match(first.text):
        return below(text, first.end, newline + statement)
    if first is None:
        comments_end = statements[-1].end if statements else 0
        return below(text, comments_end, newline + statement) if comments_end else at_the_top(text, 0, statement, 0)
    return at_the_top(text, _top_of(text, first.start), statement, 2 if re.match(r"def\b|class\b|async\b|@", first.text) else 1)


def _top_of(text: str, first: int) -> int:
    """Before the first statement, and before the comments directly above it, but not before those of the file."""
    at = first
    while at:
        above = text.rfind("\n", 0, at - 1) + 1
        if not text[above:at].startswith("#"):
            return at
        at = above
    return first


def python_gives_a_meaning(text: str, name: str) -> bool:
    """Whether the file imports the name already, or binds it somewhere: such a name is not the workspace's there."""
    for position, match in enumerate(re.finditer(rf"(?<![\w.]){re.escape(name)}\b", text)):
        if position >= _MOST_USES_SEEN:
            return True
        start, end = match.span()
        line_start = text.rfind("\n", 0, start) + 1
        before = text[max(line_start, start - _SEEN_AROUND) : start]
        after = text[end : min(end_of_line(text, end), end + _SEEN_AROUND)]
        if re.match(r"[ \t]+as\b", after) and re.match(r"[ \t]*(?:import|from)\b", before):
            continue
        if _BOUND_BY_WHAT_FOLLOWS.match(after) or _BOUND_BY_WHAT_IS_BEFORE.search(before):
            return True
        if _TARGETS_BEFORE.match(before) and _TARGETS_AFTER.match(after):
            return True
        if re.match(r"[ \t]*(?:[,:)=#]|$)", after) and _IN_BRACKETS.search(text[max(start - _SEEN_OF_BRACKETS, 0) : start]):
            return True
    return False


def _without_ending(path: str) -> str:
    return re.sub(r"(?:/|^)__init__$", "", re.sub(r"\.pyi?$", "", path))


def _resolved(module: str, path: str) -> str:
    """The file of a relative module, without its ending."""
    dots = len(module) - len(module.lstrip("."))
    folder = posixpath.dirname(path)
    for _ in range(dots - 1):
        folder = posixpath.dirname(folder)
    return posixpath.join(folder, *(part for part in module.split(".") if part))


def _module_of(target: str) -> str:
    """The dotted name that a path has from the top folder, or from one that only holds sources."""
    parts = re.sub(r"^(?:src|lib|python)/", "", _without_ending(target)).split("/")
    return ".".join(parts) if all(part.isidentifier() for part in parts) else ""


def _relative(path: str, target: str) -> str:
    """The module as seen from the file, if it lies in the same package or one below; "" otherwise."""
    folder, wanted = posixpath.dirname(path), _without_ending(target)
    if folder and not wanted.startswith(folder + "/"):
        return ""
    parts = wanted[len(folder) :].strip("/").split("/")
    return "." + ".".join(parts) if all(part.isidentifier() for part in parts) else ""
