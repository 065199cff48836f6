"""Finds in source files what teaches an embedder: code with the words that its author wrote about it.

Python is read with `ast`, JavaScript and TypeScript line by line: formatted code ends a declaration with a brace at
the declaration's own indentation, and a piece that was cut wrongly is only a slightly worse example.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from recoder_lsp.training.corpus import Document

MAX_BODY_CHARACTERS = 3_000
MAX_COMMENTED_LINES = 10
MIN_COMMENT_WORDS = 4
MAX_CALLS = 2

# `word` or `word word`: what a docstring's first sentence is made of.
_WORD = re.compile(r"[A-Za-z]{2,}")
_SENTENCE_END = re.compile(r"(?<=[^.\s][.!?])\s+(?=[A-Z`*\"'(\[])|\n\s*\n|\n\s*(?=[-*:@>]|[A-Z]\w+:\s*\n)")
_ROLE = re.compile(r":[\w:]+:(?=`)|\{@\w+\s+([^}]*)\}|</?\w+>")
_TAG = re.compile(r"^\s*@\w+", re.MULTILINE)

_SCRIPT_DECLARATION = re.compile(
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
_NOT_A_METHOD = frozenset(
    ("if", "for", "while", "switch", "catch", "function", "return", "with", "super", "else", "do", "new", "typeof", "await", "constructor")
)
_CALL = re.compile(r"\b([A-Za-z_$][\w$]{3,})\(")
# A definition is no call; nor is a line of a comment.
_NO_CALL = re.compile(r"^\s*(?:(?:export\s+|default\s+|async\s+)*(?:def|class|function)\b|[*/#])")


@dataclass(frozen=True, slots=True)
class Example:
    """A piece of code and what was written about it; the code does not contain the documentation."""

    package: str
    language: str
    path: str
    kind: str
    """`function`, `class`, `comment` (the lines below it) or `file` (the names that it defines)."""
    name: str
    """Qualified with the class; "" for a comment."""
    body: str
    documentation: str = ""
    """As written, without comment marks; "" for nothing."""
    calls: tuple[str, ...] = ()
    """Lines of the same package that call it by its name."""


def of_package(documents: Sequence[Document]) -> list[Example]:
    """Return the examples of one package's files, with the lines that call what is defined only once."""
    examples = [example for document in documents for example in of_document(document)]
    named = Counter(_last_part(example.name) for example in examples if example.kind == "function")
    calls: dict[str, list[str]] = {name: [] for name, count in named.items() if count == 1 and len(name) > 3}
    for document in documents:
        lines = document.text.split("\n")
        for number, line in enumerate(lines):
            for name in _CALL.findall(line):
                found = calls.get(name)
                if found is not None and len(found) < MAX_CALLS and not _NO_CALL.match(line) and not line.endswith(" {"):
                    found.append("\n".join(lines[max(0, number - 1) : number + 2])[:400])
    return [
        replace(example, calls=tuple(calls.get(_last_part(example.name), ()))) if example.kind == "function" else example
        for example in examples
    ]


def of_document(document: Document) -> Iterator[Example]:
    """Yield the examples of one file; a file that does not parse has only comments."""
    lines = document.text.split("\n")
    yield from _comments(document, lines)
    if document.language != "python":
        yield from _of_script(document, lines)
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(document.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    yield from _of_python(document, lines, tree)


def first_sentence(documentation: str) -> str:
    """Return what a docstring says first, without markup; "" where that is no sentence of three words."""
    text = _ROLE.sub(r"\1", documentation).strip()
    sentence = " ".join(_SENTENCE_END.split(text, maxsplit=1)[0].split())
    return sentence[:400] if len(_WORD.findall(sentence)) >= 3 and _is_prose(sentence) else ""


def _of_python(document: Document, lines: list[str], tree: ast.Module) -> Iterator[Example]:
    names: list[str] = []
    # A stack and no recursion: generated code nests deeply. Reversed, so that what comes first is taken first.
    stack: list[tuple[ast.AST, str]] = [(node, "") for node in reversed(tree.body)]
    while stack:
        node, enclosing = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{enclosing}.{node.name}" if enclosing else node.name
            names.append(node.name)
            yield _python_example(document, lines, node, name)
            if isinstance(node, ast.ClassDef):
                stack += [(inner, name) for inner in reversed(node.body)]
        elif isinstance(node, ast.If | ast.Try):
            stack += [(inner, enclosing) for inner in reversed(node.body)]
    documentation = ast.get_docstring(tree) or ""
    if documentation and names:
        yield _file_example(document, names, documentation)


def _python_example(
    document: Document, lines: list[str], node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, name: str
) -> Example:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
    last = node.end_lineno or node.lineno
    left_out: set[int] = set()
    if (documentation := ast.get_docstring(node) or "") and node.body[0].lineno > node.lineno:
        left_out.update(range(node.body[0].lineno - 1, node.body[0].end_lineno or 0))
    if isinstance(node, ast.ClassDef):
        for inner in node.body:
            if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                left_out.update(range(inner.lineno, inner.end_lineno or inner.lineno))
    body = "\n".join(lines[number] for number in range(first, last) if number not in left_out)
    kind = "class" if isinstance(node, ast.ClassDef) else "function"
    return Example(document.package, document.language, document.path, kind, name, body[:MAX_BODY_CHARACTERS], documentation[:2_000])


def _of_script(document: Document, lines: list[str]) -> Iterator[Example]:
    names: list[str] = []
    enclosing, enclosed_until = "", -1
    for number, line in enumerate(lines):
        found = _SCRIPT_DECLARATION.match(line) if len(line) < 300 else None
        if found is None or found["method"] in _NOT_A_METHOD:
            continue
        short = next(filter(None, found.group("type_name", "function", "variable", "assigned", "property", "method")))
        indent = len(found["indent"])
        end = _script_end(lines, number, indent)
        name = f"{enclosing}.{short}" if number <= enclosed_until and found["method"] else short
        if number > enclosed_until or found["type"]:
            names.append(short)
        shown = lines[number : end + 1]
        if found["type"] == "class":
            enclosing, enclosed_until = short, end
            # The head of the class: what stands at the first level inside it.
            shown = [inner for inner in shown if len(inner) - len(inner.lstrip()) <= indent + 4 and inner.strip(" \t}")]
        body = "\n".join(inner for inner in shown if not inner.lstrip().startswith(("*", "/*")))[:MAX_BODY_CHARACTERS]
        kind = "class" if found["type"] else "function"
        yield Example(document.package, document.language, document.path, kind, name, body, _documentation_above(lines, number)[:2_000])
    opening = _documentation_above(lines, next((n for n, line in enumerate(lines) if line.strip() == "*/"), -2) + 1)
    if names and opening and not _SCRIPT_DECLARATION.match(lines[0]):
        yield _file_example(document, names, opening)


def _script_end(lines: list[str], start: int, indent: int) -> int:
    if lines[start].rstrip().endswith((";", "}")):
        return start
    for number in range(start + 1, min(start + 400, len(lines))):
        line = lines[number]
        stripped = line.lstrip()
        if stripped and len(line) - len(stripped) <= indent and not stripped.startswith((")", "{")):
            return number if stripped.startswith("}") else number - 1
    return min(start + 400, len(lines)) - 1


def _documentation_above(lines: list[str], number: int) -> str:
    """Return the /** comment that ends on the line above, its tags last."""
    last = number - 1
    if last < 0 or not lines[last].rstrip().endswith("*/"):
        return ""
    first = next((n for n in range(last, max(-1, last - 60), -1) if lines[n].lstrip().startswith("/*")), None)
    if first is None:
        return ""
    text = "\n".join(line.strip().removeprefix("/**").removeprefix("/*").removesuffix("*/").lstrip("* ") for line in lines[first:number])
    tagged = _TAG.search(text)
    described = text[: tagged.start()].strip() if tagged else text.strip()
    return f"{described}\n\n{text[tagged.start() :]}".strip() if tagged else described


def _comments(document: Document, lines: list[str]) -> Iterator[Example]:
    mark = "#" if document.language == "python" else "//"
    number = 0
    while number < len(lines):
        if not lines[number].lstrip().startswith(mark):
            number += 1
            continue
        start = number
        while number < len(lines) and lines[number].lstrip().startswith(mark):
            number += 1
        comment = " ".join(line.strip().lstrip("#/! ") for line in lines[start:number])
        code = list(_lines_below(lines, number, len(lines[start]) - len(lines[start].lstrip())))
        if code and len(_WORD.findall(comment)) >= MIN_COMMENT_WORDS and _is_prose(comment) and len(comment) < 500:
            yield Example(document.package, document.language, document.path, "comment", "", "\n".join(code), comment)


def _lines_below(lines: list[str], number: int, indent: int) -> Iterable[str]:
    for line in lines[number : number + MAX_COMMENTED_LINES]:
        stripped = line.lstrip()
        if not stripped or len(line) - len(stripped) < indent or stripped.startswith(("#", "//")):
            return
        yield line


def _file_example(document: Document, names: list[str], documentation: str) -> Example:
    stem = " ".join(PurePosixPath(document.path).with_suffix("").parts[-2:])
    return Example(
        document.package,
        document.language,
        document.path,
        "file",
        stem,
        "\n".join(dict.fromkeys(names))[:MAX_BODY_CHARACTERS],
        documentation[:2_000],
    )


def _is_prose(text: str) -> bool:
    """Say whether a text is words, not code that was commented out, a rule or a licence."""
    plain = sum(character.isalpha() or character in " ,.'-" for character in text)
    return (
        text.isascii() and plain > 0.85 * len(text) and not re.search(r"copyright|licen[sc]e|eslint|prettier|noqa|pragma|@ts-", text, re.I)
    )


def _last_part(name: str) -> str:
    return name.rpartition(".")[2]
