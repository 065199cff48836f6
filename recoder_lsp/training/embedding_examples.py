"""Finds in source files what teaches an embedder: code with the words that its author wrote about it.

Python is read with `ast`, languages of braces line by line.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from recoder_lsp.training import corpus
from recoder_lsp.training.corpus import Document
from recoder_lsp.training.embedding_declarations import declarations, declares
from recoder_lsp.training.embedding_documentation import above, first_sentence, is_prose, words_in

LANGUAGES = tuple(dict.fromkeys(corpus.LANGUAGES.values()))
MAX_BODY_CHARACTERS = 3_000
MAX_COMMENTED_LINES = 10
MIN_COMMENT_WORDS = 4
MAX_CALLS = 2
MAX_OPENING_LINES = 100

_CALL = re.compile(r"\b([A-Za-z_$][\w$]{3,})\(")
_NO_CALL = re.compile(r"\s*(?:(?:async\s+)?(?:def|class|function)\b|[*/#])")
# Where lines of // document declarations, those are no comments about the lines below.
_DOCUMENTED_BY_LINES = ("go", "rust")
_DECLARED = re.compile(r"func\b|type\b|package\b|\s*(?:#\[|(?:pub\b\S*\s+)?(?:fn|struct|enum|trait|impl|mod|type|const|static)\b)")


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

    @property
    def short_name(self) -> str:
        """The name without the class; "" for a comment or a file."""
        return "" if self.kind == "file" else self.name.rpartition(".")[2]

    @property
    def sentence(self) -> str:
        """What the documentation says first, without the name; "" where that is no sentence."""
        return first_sentence(self.documentation, self.short_name, self.language == "go")


def of_package(documents: Sequence[Document]) -> list[Example]:
    """Return the examples of one package's files, with the lines that call what is defined only once."""
    examples = [example for document in documents for example in of_document(document)]
    named = Counter(example.short_name for example in examples if example.kind == "function")
    calls: dict[str, list[str]] = {name: [] for name, count in named.items() if count == 1 and len(name) > 3}
    for document in documents:
        lines = document.text.split("\n")
        for number, line in enumerate(lines):
            for name in _CALL.findall(line):
                found = calls.get(name)
                if found is not None and len(found) < MAX_CALLS and _may_call(document.language, line):
                    found.append("\n".join(lines[max(0, number - 1) : number + 2])[:400])
    return [
        replace(example, calls=tuple(calls.get(example.short_name, ()))) if example.kind == "function" else example for example in examples
    ]


def _may_call(language: str, line: str) -> bool:
    """Say whether names with brackets behind them are called: not in a comment, and not where they are declared."""
    if _NO_CALL.match(line) or line.endswith(" {"):
        return False
    # A prototype in C stands at the margin.
    return language == "python" or not (declares(language, line) or (language == "c" and not line[:1].isspace()))


def of_document(document: Document) -> Iterator[Example]:
    """Yield the examples of one file; a file that does not parse has only comments."""
    lines = document.text.split("\n")
    yield from _comments(document, lines)
    if document.language != "python":
        yield from _of_declarations(document, lines)
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(document.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    yield from _of_python(document, lines, tree)


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


def _of_declarations(document: Document, lines: list[str]) -> Iterator[Example]:
    names: list[str] = []
    first = len(lines)
    for found in declarations(document.language, lines):
        first = min(first, found.start)
        if found.is_public:
            names.append(found.name.rpartition(".")[2])
        body, documentation = found.body(lines)[:MAX_BODY_CHARACTERS], above(lines, found.start, document.language)[:2_000]
        yield Example(document.package, document.language, document.path, found.kind, found.name, body, documentation)
    opening = _opening(document.language, lines[:first])
    if names and opening:
        yield _file_example(document, names, opening)


def _opening(language: str, lines: list[str]) -> str:
    """Return what a file says about itself in the lines before its first declaration."""
    if language == "go":
        return above(lines, next((number for number, line in enumerate(lines) if line.startswith("package ")), 0), "go")
    if language == "rust":
        inner = [line for line in lines[:MAX_OPENING_LINES] if line.startswith("//!")]
        return "\n".join(line[3:].strip() for line in inner)
    last = next((number for number, line in enumerate(lines) if line.strip() == "*/"), len(lines))
    # What ends right above the first declaration is about that alone.
    return above(lines, last + 1) if last + 1 < len(lines) else ""


def _comments(document: Document, lines: list[str]) -> Iterator[Example]:
    number = 0
    while number < len(lines):
        start, number = number, _end_of_comment(document.language, lines, number)
        if number == start:
            number += 1
            continue
        if document.language in _DOCUMENTED_BY_LINES and lines[number : number + 1] and _DECLARED.match(lines[number]):
            continue
        comment = " ".join(" ".join(line.strip().strip("#/!* ") for line in lines[start:number]).split())
        code = list(_lines_below(lines, number, len(lines[start]) - len(lines[start].lstrip())))
        if code and words_in(comment) >= MIN_COMMENT_WORDS and is_prose(comment) and len(comment) < 500:
            yield Example(document.package, document.language, document.path, "comment", "", "\n".join(code), comment)


def _end_of_comment(language: str, lines: list[str], start: int) -> int:
    """Return the line after the comment that begins on a line, `start` where none does."""
    mark = "#" if language == "python" else "//"
    end = start
    while end < len(lines) and lines[end].lstrip().startswith(mark):
        end += 1
    # A comment /* at the margin */ documents a declaration.
    if end == start and language == "c" and lines[start][:1].isspace() and lines[start].lstrip().startswith("/*"):
        return next((number + 1 for number in range(start, min(start + 20, len(lines))) if lines[number].rstrip().endswith("*/")), start)
    return end


def _lines_below(lines: list[str], number: int, indent: int) -> Iterable[str]:
    for line in lines[number : number + MAX_COMMENTED_LINES]:
        stripped = line.lstrip()
        if not stripped or len(line) - len(stripped) < indent or stripped.startswith(("#", "//", "/*")):
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
