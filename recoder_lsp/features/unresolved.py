"""Names in ghost text that resolve nowhere, for Python, JavaScript and TypeScript; found by looking at its words."""

from __future__ import annotations

import builtins
import functools
import keyword
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType

from recoder_lsp.features.code_at import is_code

_PYTHON = re.compile(
    r"""(?P<comment>\#.*)
    |(?P<text>(?P<prefix>\b[A-Za-z]{1,2})?(?:\"{3}.*?(?:\"{3}|\Z)|'{3}.*?(?:'{3}|\Z)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))
    |(?P<name>[^\W\d]\w*)|(?P<number>\d[\w.]*)|(?P<line_end>\n)|(?P<sign>:=|->|[=!<>+\-*/%&|^@]=|\*\*|//|\S)""",
    re.VERBOSE | re.DOTALL,
)
_JAVASCRIPT = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<text>"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|`(?:\\.|[^`\\])*`?
        |(?<=[(=,:\[!&|?{;])[ ]?/(?![*/ ])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/\w*)
    |(?P<name>[^\W\d][\w$]*|\$[\w$]*)|(?P<number>\d[\w.]*)|(?P<line_end>\n)|(?P<sign>=>|\?\.|===?|!==?|[<>+\-*/%&|^]=|\.{3}|\S)""",
    re.VERBOSE | re.DOTALL,
)
_IN_PYTHON = re.compile(r"\{([^{}:!]+)")
_IN_JAVASCRIPT = re.compile(r"\$\{([^{}]+)\}")
_TAG = re.compile(r"</?[A-Za-z][^;]*>")
_LANGUAGES = ("python", "javascript", "javascriptreact", "typescript", "typescriptreact")
_SEEN_OF_LINE = 500
# Each name is compared with those around it, which for longer texts than anybody suggests would take too long.
_MOST_TOKENS = 400
_OPENING, _CLOSING = "([{", ")]}"
_DECLARES: Mapping[bool, frozenset[str]] = MappingProxyType(
    {
        True: frozenset(("def", "class", "as", "import", "global", "nonlocal", "for", "lambda", "from")),
        False: frozenset(("const", "let", "var", "function", "class", "interface", "type", "enum", "import", "catch", "namespace")),
    }
)
_STOPS_OF_PYTHON: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"for": ("in",), "lambda": (":",), "def": (":",), "class": (":", "("), "as": (":", ",", ")")}
)
_HEADER_STOPS = ("extends", "implements", "{", "=")
_STOPS_OF_JAVASCRIPT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"class": _HEADER_STOPS, "interface": _HEADER_STOPS, "enum": _HEADER_STOPS, "function": ("{",), "catch": ("{",)}
)
_WORDS_OF_JAVASCRIPT = """
    abstract any as async await bigint boolean break case catch class const constructor continue debugger declare default delete do else
    enum export extends false finally for from function get if implements import in infer instanceof interface is keyof let module
    namespace never new null number object of override private protected public readonly return satisfies set static string super switch
    symbol this throw true try type typeof undefined unique unknown var void while with yield
    Array ArrayBuffer Boolean Buffer Date Error Function Infinity Intl JSON Map Math NaN Number Object Promise Proxy Reflect RegExp Set
    String Symbol TypeError RangeError SyntaxError Uint8Array URL URLSearchParams WeakMap WeakSet AbortController AbortSignal Blob Event
    FormData Headers Request Response arguments clearInterval clearTimeout console crypto decodeURIComponent document encodeURIComponent
    exports fetch global globalThis isNaN localStorage navigator parseFloat parseInt process queueMicrotask require setImmediate
    setInterval setTimeout structuredClone window Awaited Exclude Extract InstanceType NonNullable Omit Parameters Partial Pick Readonly
    ReadonlyArray Record Required ReturnType Iterable Iterator AsyncIterable HTMLElement describe it expect test beforeEach afterEach
"""
_MEMBERS_OF_JAVASCRIPT = """
    add all allSettled any apply assign at bind call catch charAt charCodeAt clear concat constructor create defineProperty delete
    endsWith entries every exec exports fill filter finally find findIndex flat flatMap floor forEach freeze from fromEntries get
    getTime has hasOwnProperty includes indexOf isArray isInteger join keys lastIndexOf length log map match max message min name now of
    padEnd padStart parse pop prototype push race random reduce reject repeat replace replaceAll resolve reverse round set shift size
    slice some sort splice split stack startsWith stringify substring test then toFixed toISOString toLowerCase toString toUpperCase
    trim trimEnd trimStart unshift value values error warn info
"""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    depth: int
    """How many brackets are open, its own not counted."""


def unresolved_names(insertion: str, known: Callable[[str], bool], language: str, before: str = "") -> int:
    """Count the different names of an insertion that come from nowhere; 0 in languages other than Python, JavaScript and TypeScript.

    Names that the insertion defines, keywords and what every program has do not count; those of members do unless they are known.

    Args:
        insertion: What would follow the caret.
        known: Whether the document, its imports or the workspace have a name.
        language: Language identifier.
        before: The document up to the caret: the insertion may go on in the middle of a word, or of a text.
    """
    if language not in _LANGUAGES or not is_code(before, len(before), language):
        return 0
    line = before[-_SEEN_OF_LINE:].rpartition("\n")[2]
    if language.endswith("react") and _TAG.search(line + insertion):
        # What stands between tags is prose.
        return 0
    python = language == "python"
    tokens = list(islice(_tokens(line + insertion, python), _MOST_TOKENS))
    defined = set(_defined(tokens, python))
    common, members = _words(_WORDS_OF_JAVASCRIPT), _words(_MEMBERS_OF_JAVASCRIPT)
    if python:
        common, members = _python_names(), _python_members()
    unresolved = set()
    for at, token in enumerate(tokens):
        if token.kind != "name" or token.start + len(token.text) <= len(line) or token.text.startswith("__"):
            continue
        is_member = at > 0 and tokens[at - 1].text in (".", "?.")
        found = token.text in members if is_member else token.text in common or token.text in defined
        if not found and not known(token.text):
            unresolved.add(token.text)
    return len(unresolved)


def is_everywhere(name: str, language: str) -> bool:
    """Say whether a name means something in every program: keywords, and what a language or its usual surroundings bring."""
    return name in (_python_names() if language == "python" else _words(_WORDS_OF_JAVASCRIPT))


def _tokens(code: str, python: bool, offset: int = 0) -> Iterator[_Token]:
    """The tokens of code, comments left out, and of a text what is code in it."""
    depth = 0
    for match in (_PYTHON if python else _JAVASCRIPT).finditer(code):
        kind, text, start = str(match.lastgroup), match[0], offset + match.start()
        if kind == "comment" or (kind == "line_end" and depth > 0):
            continue
        if text in _CLOSING:
            depth = max(depth - 1, 0)
        yield _Token(kind, text, start, depth)
        if text in _OPENING:
            depth += 1
        inside = _expressions_of(match, python) if kind == "text" else None
        for expression in inside.finditer(text) if inside else ():
            yield from _tokens(expression[1], python, start + expression.start(1))


def _expressions_of(text: re.Match[str], python: bool) -> re.Pattern[str] | None:
    """What finds the code in a text; None where there is none."""
    if python:
        return _IN_PYTHON if "f" in (text["prefix"] or "").lower() else None
    return _IN_JAVASCRIPT if text[0].startswith("`") else None


def _defined(tokens: list[_Token], python: bool) -> Iterator[str]:
    """The names that are defined: declared, assigned to, or parameters; also those of keys and arguments, which define nothing."""
    declares_until = -1
    for at, token in enumerate(tokens):
        if token.kind != "name":
            continue
        following = tokens[at + 1].text if at + 1 < len(tokens) else ""
        if token.text in _DECLARES[python]:
            declares_until = _end_of_declaration(tokens, at, python)
            continue
        is_target = _is_in_targets(tokens, at) if python else _is_of_function(tokens, at, following)
        if at < declares_until or following in (":", ":=", "=", "=>") or is_target:
            yield token.text


def _end_of_declaration(tokens: list[_Token], at: int, python: bool) -> int:
    """Where the names end that a keyword declares."""
    word, depth = tokens[at].text, tokens[at].depth
    stops = _STOPS_OF_PYTHON.get(word, ()) if python else _STOPS_OF_JAVASCRIPT.get(word, ("=", "of", "in"))
    for index in range(at + 1, len(tokens)):
        token = tokens[index]
        if token.depth < depth or (token.depth == depth and (token.text in stops or token.kind == "line_end" or token.text == ";")):
            return index
    return len(tokens)


def _is_in_targets(tokens: list[_Token], at: int) -> bool:
    """Whether a name stands before the sign that assigns to it, among others: `a, b = ...`."""
    for token in tokens[at + 1 :]:
        if token.text == "=" and token.depth == 0:
            return True
        if token.kind not in ("name", "number") and token.text not in (",", "*", "(", ")"):
            return False
    return False


def _is_of_function(tokens: list[_Token], at: int, following: str) -> bool:
    """Whether a name is that of a method which begins here, or of a parameter: a body or an arrow follows the brackets."""
    depth = tokens[at].depth + (following == "(")
    opening = at + 1 if following == "(" else next((index for index in range(at, -1, -1) if tokens[index].depth < depth), 0)
    closing = next((index for index in range(max(opening, at) + 1, len(tokens)) if tokens[index].depth < depth), None)
    if closing is None or tokens[closing].text != ")" or tokens[max(opening - 1, 0)].text in ("if", "while", "for", "switch", "catch"):
        return False
    after = tokens[closing + 1 :]
    if not after or after[0].text == "=>":
        return bool(after) and following != "("
    line_end = next((index for index, token in enumerate(after) if token.kind == "line_end"), len(after))
    return after[0].text == "{" or (after[0].text == ":" and after[line_end - 1].text == "{")


@functools.cache
def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@functools.cache
def _python_names() -> frozenset[str]:
    return frozenset(dir(builtins)) | frozenset(keyword.kwlist) | frozenset(keyword.softkwlist) | {"self", "cls"}


@functools.cache
def _python_members() -> frozenset[str]:
    types = (str, bytes, list, dict, set, int, float, type, property, Exception, OSError, memoryview)
    return frozenset(member for each in types for member in dir(each)) | {"read", "write", "close", "readline", "readlines"}
