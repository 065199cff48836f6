"""Takes documentation out of source files: what is left teaches code, not prose."""

from __future__ import annotations

import re
from dataclasses import replace

from recoder_lsp.training.corpus.documents import Document

# With a statement behind it at the same indentation: a docstring that is the whole body cannot be left out.
_DOCSTRING = re.compile(
    r"(:[ \t]*\n)([ \t]+)[rR]?(\"\"\"|''')(?>.*?\3)[ \t]*\n(?=(?:[ \t]*(?:#[^\n]*)?\n)*\2(?:[\w@\"'(\[{]|\.\.\.))", re.DOTALL
)
_BLOCK_COMMENT = re.compile(r"^[ \t]*/\*.*?\*/[ \t]*\n", re.DOTALL | re.MULTILINE)

# A comment is found by reading past everything that may hold "//" or "/*" without being one. A character
# literal is at most one escape long, so that Rust's lifetimes do not open one.
_CHARACTER = r"'(?:\\[^\n']{1,10}|[^\\'\n])'"
_STRING = r'"(?:\\.|[^"\\\n])*"'
_LONG_STRING = r'"(?:\\.|[^"\\])*"'
_OTHER = {
    "go": rf"`[^`]*`|{_STRING}|{_CHARACTER}",
    "rust": rf'\bb?r(?P<hashes>#*)".*?"(?P=hashes)|{_LONG_STRING}|{_CHARACTER}',
    "java": rf'"""(?:\\.|[^\\])*?"""|{_STRING}|{_CHARACTER}',
    "c": rf"{_STRING}|{_CHARACTER}",
}
_DOCUMENTED = r"[ \t]*(?:func|type|var|const|package|[A-Z]\w*)\b"
# Not what the compiler reads.
_GO_COMMENT = r"[ \t]*//(?!go:|export |line |nolint|[ \t]*\+build)[^\n]*\n"
# Whole lines only. A single line comment stays where it says something about the next statement; two of
# them, or one that documents a declaration, go.
_LINES = {
    "go": rf"^(?:{_GO_COMMENT})+(?={_DOCUMENTED})|^(?:{_GO_COMMENT}){{2,}}",
    "rust": r"^(?:[ \t]*//[/!][^\n]*\n)+|^(?:[ \t]*//[^\n]*\n){2,}",
    "java": r"^(?:[ \t]*//[^\n]*\n){2,}",
    "c": r"^(?:[ \t]*//[^\n]*\n){2,}",
}
# The comment before `import "C"` is the C half of a Go file. Rust nests block comments and hardly uses them.
_BLOCKS = r"^[ \t]*/\*(?:[^*]|\*(?!/))*\*/[ \t]*\n(?!import \"C\")"
_INLINE = r"//[^\n]*|/\*.*?\*/"
_COMMENTS = {
    language: re.compile(rf"(?P<documentation>{_LINES[language]}|{_BLOCKS})|{_INLINE}|{other}", re.DOTALL | re.MULTILINE)
    for language, other in _OTHER.items()
}


def without_documentation(document: Document) -> Document:
    """Return the document without docstrings and the comments that fill lines of their own.

    A docstring that is the whole body of its class or function stays, and so do comments behind code and
    single lines of them between statements.
    """
    if document.language == "python":
        return replace(document, text=_DOCSTRING.sub(r"\1", document.text))
    if document.language in _COMMENTS:
        return replace(document, text=_COMMENTS[document.language].sub(_unless_documentation, document.text))
    return replace(document, text=_BLOCK_COMMENT.sub("", document.text))


def _unless_documentation(found: re.Match[str]) -> str:
    return "" if found["documentation"] is not None else found[0]
