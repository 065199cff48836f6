"""Finds declarations in languages of braces, line by line.

Formatted code ends a declaration with a brace at the declaration's own indentation, and a piece that was cut wrongly is only
a slightly worse example: no parser is needed, and a gigabyte of code takes minutes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MAX_LINES = 400
MAX_HEAD_LINES = 12
"""How far below its first line the brace of a C function may be."""

_SCRIPT = re.compile(
    r"""^(?P<indent>[ \t]*)(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:
        (?:abstract\s+)?(?P<type>class|interface|enum)\s+(?P<type_name>[\w$]+)
      | (?:async\s+)?function\s*\*?\s*(?P<function>[\w$]+)
      | (?:const|let|var)\s+(?P<variable>[\w$]+)[^=\n]*=\s*(?:async\s*)?(?:function\b|\([^()]*\)\s*(?::[^=]+)?=>|[\w$]+\s*=>|\($)
      | (?:[\w$]+\.)*(?P<assigned>[\w$]+)\s*=\s*(?:async\s+)?function\b
      | (?P<property>[\w$]+)\s*:\s*(?:async\s+)?function\b
      | (?:(?:public|private|protected|static|async|get|set|override|readonly)\s+)*\*?\#?(?P<method>[\w$]+)\s*(?:<[^>]*>)?\([^;]*\{$
    )""",
    re.VERBOSE,
)
_GO = re.compile(
    r"""^(?P<indent>)(?:
        func\s+(?:\((?:\w+\s+)?\*?(?P<owner>\w+)[^)]*\)\s*)?(?P<function>\w+)\s*[\[(]
      | type\s+(?P<type_name>\w+)(?:\[[^\]]*\])?\s+(?P<type>struct|interface)\s*\{
    )""",
    re.VERBOSE,
)
_RUST = re.compile(
    r"""^(?P<indent>[ ]*)(?:
        (?:pub(?:\([^)]*\))?\s+)?(?:(?:default|async|const|unsafe|extern\s+"\w+")\s+)*fn\s+(?P<function>\w+)
      | (?:pub(?:\([^)]*\))?\s+)?(?:unsafe\s+)?(?P<type>struct|enum|trait|union)\s+(?P<type_name>\w+)
      | (?:unsafe\s+)?impl\b\s*(?:<.*?>\s+)?(?:.*\sfor\s+)?[&]?(?:\w+::)*(?P<block>\w+)
      | macro_rules!\s+(?P<macro>\w+)
    )""",
    re.VERBOSE,
)
_JAVA = re.compile(
    r"""^(?P<indent>[ \t]*)(?:(?:public|protected|private|static|final|abstract|synchronized|default|native|sealed)\s+)*(?:
        (?P<type>class|interface|enum|record|@interface)\s+(?P<type_name>\w+)
      | (?:<[^>]*>\s+)?(?!(?:return|new|throw|else|case|package|import|assert)\b)
        [\w.]+(?:<[^()=]*>)?(?:\[\])*\s+(?P<method>\w+)\s*\(
      | (?P<function>[A-Z]\w*)\s*\([^;]*\{$
    )""",
    re.VERBOSE,
)
_C = re.compile(
    r"""^(?P<indent>)(?:
        (?:typedef\s+)?(?P<type>struct|union|enum)\s+(?P<type_name>\w+)\s*\{?$
      | (?!(?:typedef|return|else|if|while|for|switch|do)\b)
        (?:[A-Za-z_][\w \t*]*[\s*])?(?P<function>[A-Za-z_]\w*)[ ]?\([^;{}=]*(?:[,)(]|\{.*)$
    )""",
    re.VERBOSE,
)
_PATTERNS = {"javascript": _SCRIPT, "typescript": _SCRIPT, "go": _GO, "rust": _RUST, "java": _JAVA, "c": _C}
_NAMES = ("type_name", "function", "variable", "assigned", "property", "method", "macro")
# Words with brackets behind them that declare nothing.
_NO_NAMES = frozenset(("if", "for", "while", "switch", "catch", "function", "return", "with", "super", "else", "do", "new", "typeof")) | {
    "await",
    "constructor",
    "sizeof",
    "defined",
    "synchronized",
    "try",
    "match",
}
_SCRIPTS = ("javascript", "typescript")


@dataclass(frozen=True, slots=True)
class Declaration:
    """A function or type: lines `start` to `end`, both included."""

    kind: str
    """`function` or `class`."""
    name: str
    """Qualified with the type."""
    start: int
    end: int
    head_only: bool
    """Of its lines only those at the first level are its own: methods are declarations themselves."""
    is_public: bool
    """Worth a word in a list of what the file defines."""

    def body(self, lines: Sequence[str]) -> str:
        """Return its text without comments at the start of lines."""
        shown = lines[self.start : self.end + 1]
        if self.head_only:
            indent = len(shown[0]) - len(shown[0].lstrip())
            shown = [line for line in shown if len(line) - len(line.lstrip()) <= indent + 4 and line.strip(" \t}")]
        return "\n".join(line for line in shown if not line.lstrip().startswith(("*", "/*", "///")))


def declarations(language: str, lines: Sequence[str]) -> Iterator[Declaration]:
    """Yield what a file declares, in order."""
    pattern = _PATTERNS[language]
    enclosing, enclosed_until = "", -1
    for number, line in enumerate(lines):
        found = pattern.match(line) if len(line) < 300 else None
        if found is None:
            continue
        groups = found.groupdict()
        indent = len(found["indent"])
        if groups.get("block"):
            enclosing, enclosed_until = groups["block"], _end(language, lines, number, indent)
            continue
        short = next(filter(None, (groups.get(name) for name in _NAMES)))
        if short in _NO_NAMES:
            continue
        end = _end(language, lines, number, indent)
        if end < number:
            continue
        is_type = bool(groups["type"])
        # In a script a function inside a class's method is no method.
        inside = number <= enclosed_until and not is_type and (language not in _SCRIPTS or bool(groups["method"]))
        owner = groups.get("owner") or (enclosing if inside else "")
        is_class = groups["type"] in ("class", "trait") or (is_type and language == "java")
        yield Declaration(
            "class" if is_type else "function",
            f"{owner}.{short}" if owner else short,
            _first_line(language, lines, number),
            end,
            is_class,
            is_type or number > enclosed_until,
        )
        if is_class:
            enclosing, enclosed_until = short, end


def declares(language: str, line: str) -> bool:
    """Say whether a line begins a declaration, so that a name with brackets behind it is no call."""
    return bool(_PATTERNS[language].match(line))


def _end(language: str, lines: Sequence[str], start: int, indent: int) -> int:
    """Return the last line of what begins at `start`; -1 where that is a declaration without a body."""
    if language in _SCRIPTS:
        return _end_of_script(lines, start, indent)
    first = lines[start].rstrip()
    if first.endswith("}") and "{" in first:
        return start
    if first.endswith(";"):
        return start if language in ("rust", "java", "go") else -1
    opened = first.endswith("{")
    for number in range(start + 1, min(start + MAX_LINES, len(lines))):
        line = lines[number]
        stripped = line.lstrip()
        if not opened:
            # Still the head: parameters, `where`, the type of what is returned.
            if number - start > MAX_HEAD_LINES:
                return -1
            bare = line.rstrip()
            opened = bare.endswith("{") or stripped.startswith("{")
            if not opened and bare.endswith(";") and (language != "c" or not line[:1].isspace()):
                return number if language in ("rust", "java") else -1
            if not opened and not stripped:
                return -1
        elif stripped.startswith("}") and len(line) - len(stripped) <= indent:
            return number
    return -1


def _end_of_script(lines: Sequence[str], start: int, indent: int) -> int:
    if lines[start].rstrip().endswith((";", "}")):
        return start
    for number in range(start + 1, min(start + MAX_LINES, len(lines))):
        line = lines[number]
        stripped = line.lstrip()
        if stripped and len(line) - len(stripped) <= indent and not stripped.startswith((")", "{")):
            return number if stripped.startswith("}") else number - 1
    return min(start + MAX_LINES, len(lines)) - 1


def _first_line(language: str, lines: Sequence[str], number: int) -> int:
    """Return where it begins: in C what is returned may stand on a line of its own."""
    if language == "c" and number and not re.match(r"[A-Za-z_]\w*[\s*]+[\w*]", lines[number]):
        before = lines[number - 1]
        if before[:1].isalpha() and not before.rstrip().endswith((";", "}", "{", ",", "/", ":")):
            return number - 1
    return number
