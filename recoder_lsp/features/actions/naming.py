"""Names for what has none yet: after what it is, as the language writes names, and like no other name of the document."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable

from recoder_lsp.features.actions.offering import Site
from recoder_lsp.index.syntax.tree import Node, SyntaxTree
from recoder_lsp.index.words import split_identifier

_SAYS_NOTHING = (
    "get",
    "fetch",
    "load",
    "compute",
    "calculate",
    "make",
    "create",
    "build",
    "find",
    "read",
    "to",
    "new",
    "of",
    "from",
    "with",
    "self",
    "this",
)
_VARIABLES = ("identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern")
_NAMES = ("identifier", "property_identifier", "field_identifier", "type_identifier")
_OF_RESERVED = """
    abstract as async await base bool break case catch chan char class const continue debugger default defer del delete do dyn else enum
    except export extends false finally fn for from func function go goto if impl implements import in instanceof int interface is lambda
    let loop map match mod move mut namespace new nil none nonlocal not null of or package pass private protected pub public raise range
    ref return select self static str string struct super switch this throw trait true try type typeof undefined unsafe use var void
    where while with yield len list dict set tuple id input object error print max min sum all any iter next open
"""


def name_for(tree: SyntaxTree, node: Node, otherwise: str = "value") -> str:
    """Return what one might call the value of an expression: `user` for `get_user(id)`, `name` for `user.name`; not necessarily free."""
    named = _named(node)
    words = split_identifier(tree.text_of(named)) if named is not None else []
    while len(words) > 1 and words[0] in _SAYS_NOTHING:
        words = words[1:]
    if words and (words[0] in _SAYS_NOTHING or not words[0].isidentifier()):
        words = []
    return written(words or [otherwise], tree.language) if words or otherwise else ""


def written(words: Iterable[str], language: str) -> str:
    """Return words as the name of a variable or function: snake_case in Python and Rust, camelCase elsewhere."""
    words = [word.lower() for word in words]
    if language in ("python", "rust"):
        return "_".join(words)
    return words[0] + "".join(word.capitalize() for word in words[1:])


def free_name(wished: str, text: str, language: str, *, as_attribute: bool = False) -> str:
    """Return the name, or one like it, that is no word of a language and stands nowhere in the text: of a function, or a file.

    Behind a dot, where names are those of attributes, it may stand, unless it is to be one of them.
    """
    reserved = {*_OF_RESERVED.split(), *keyword.kwlist, *(dir(builtins) if language == "python" else ())}
    separator = "_" if language in ("python", "rust") else ""
    name, number = wished, 1
    behind_dot = "" if as_attribute else r"(?<!(?<!\.)\.)"
    while name in reserved or re.search(rf"(?<![\w$]){behind_dot}{re.escape(name)}(?![\w$])", text):
        number += 1
        name = f"{wished}{separator}{number}" if wished not in reserved or number > 2 else f"{wished}{separator or '_'}"
    return name


def name_at(site: Site) -> Node | None:
    """Return the name of a variable that is selected, or that the caret is in or behind; None where there is none."""
    node = site.tree.around(site.start, site.end)
    if site.start == site.end and node.type not in _VARIABLES and site.start:
        node = site.tree.around(site.start - 1, site.start)
    is_whole = not site.selected or site.selected == site.tree.text_of(node)
    return node if node.type in _VARIABLES and is_whole else None


def _named(node: Node) -> Node | None:
    """The name that says the most of an expression: of the function called, of the attribute read."""
    for field in ("attribute", "property", "field", "function", "constructor", "name"):
        inner = node.child_by_field_name(field)
        if inner is not None and node.type not in ("function_definition", "lambda"):
            return inner if inner.type in _NAMES else _named(inner)
    if node.type in ("await", "await_expression", "try_expression", "parenthesized_expression", "reference_expression", "unary_expression"):
        inner = node.named_children[-1] if node.named_children else None
        return inner if inner is None or inner.type in _NAMES else _named(inner)
    return None
