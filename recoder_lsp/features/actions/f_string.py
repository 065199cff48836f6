"""Turns `%`, `.format` and `+` of Python into an f-string, where that surely gives the same text."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from recoder_lsp.features.actions.offering import Offer, Site
from recoder_lsp.features.edits import Change, Edit, Refused
from recoder_lsp.index.syntax.tree import Node, SyntaxTree, ancestors, descendants
from recoder_lsp.language import gettext

KIND = "refactor.rewrite.f-string"

_PLACE = re.compile(r"%(?:\((?P<name>\w+)\))?(?P<flags>[-#0 +]*)(?P<width>\d*|\*)(?:\.(?P<precision>\d+|\*))?(?P<type>[a-zA-Z%])")
_IS_TEXT = ("str", "repr", "ascii", "chr", "hex", "oct", "bin")
_IS_NUMBER = ("len", "int", "ord", "id")
# These change nothing, whatever they are called with that behaves.
_HARMLESS = (*_IS_TEXT, *_IS_NUMBER, "float", "abs", "bool", "type", "isinstance")
_TEXT_METHODS = (
    "join",
    "format",
    "strip",
    "lstrip",
    "rstrip",
    "lower",
    "upper",
    "title",
    "replace",
    "capitalize",
    "ljust",
    "rjust",
    "zfill",
)
_ATOMS = ("identifier", "attribute", "call", "subscript", "string", "integer", "float", "parenthesized_expression")
_HARMLESS_NODES = (
    *("identifier", "string", "integer", "float", "true", "false", "none", "attribute", "subscript", "parenthesized_expression", "call"),
    *("argument_list", "string_start", "string_content", "string_end", "binary_operator", "unary_operator", "comparison_operator"),
)


@dataclass(frozen=True)
class _Piece:
    """A string of the source: what it begins with (`r`, `u`), its quotes, and what stands between them."""

    prefix: str
    quotes: str
    content: str


def offers(site: Site) -> Iterator[Offer]:
    """Yield the one offer, where the caret or the selection is in a text that is put together; disabled if it cannot be."""
    if site.tree.language != "python" or (found := _formatting(site)) is None:
        return
    title = gettext("Convert to f-string")
    try:
        text = _converted(site.tree, found)
    except Refused as refused:
        if site.selected:
            yield Offer("f_string", title, KIND, disabled=str(refused))
        return
    edit = Edit(site.tree.start(found), site.tree.end(found), text)
    yield Offer("f_string", title, KIND, lambda: Change((edit,)))


def _formatting(site: Site) -> Node | None:
    """The expression around the selection that puts a text together."""
    node = site.tree.around(site.start, site.end)
    if site.start == site.end and node.type not in ("string", "string_content", "string_end") and site.start:
        node = site.tree.around(site.start - 1, site.start)
    found = None
    for outer in (node, *ancestors(node)):
        if outer.type in ("block", "module", "argument_list") and found is not None:
            break
        if outer.type in ("block", "module") or outer.end_byte - outer.start_byte > 5_000:
            break
        if _is_formatting(site.tree, outer):
            found = outer
        elif found is not None:
            break
    return found


def _is_formatting(tree: SyntaxTree, node: Node) -> bool:
    if node.type == "binary_operator":
        operator = node.child_by_field_name("operator")
        left = node.child_by_field_name("left")
        if operator is not None and operator.type == "%":
            return left is not None and left.type in ("string", "concatenated_string")
        return operator is not None and operator.type == "+" and any(term.type == "string" for term in _terms(node))
    called = node.child_by_field_name("function") if node.type == "call" else None
    if called is None or called.type != "attribute":
        return False
    of, name = called.child_by_field_name("object"), called.child_by_field_name("attribute")
    return of is not None and of.type in ("string", "concatenated_string") and name is not None and tree.text_of(name) == "format"


def _converted(tree: SyntaxTree, node: Node) -> str:
    """The f-string.

    Raises:
        Refused: It might give another text.
    """
    if any(each.type == "comment" or each.has_error for each in descendants(node)):
        raise Refused(gettext("There is a comment in it."))
    if node.type == "call":
        return _from_format(tree, node)
    operator = node.child_by_field_name("operator")
    return _from_percent(tree, node) if operator is not None and operator.type == "%" else _from_sum(tree, node)


def _from_percent(tree: SyntaxTree, node: Node) -> str:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        raise Refused(gettext("There is nothing to fill in."))
    if right.type == "tuple":
        values = list(right.named_children)
    elif right.type in ("string", "concatenated_string", "integer", "float") or _called(tree, right) in (*_IS_TEXT, *_IS_NUMBER):
        values = [right]
    else:
        raise Refused(gettext("`{code}` may be a tuple or a mapping, of which `%` takes the parts.").format(code=tree.text_of(right)[:40]))
    _require_same_order(tree, values)
    waiting = list(values)

    def fill(match: re.Match[str]) -> str:
        if match["type"] == "%":
            return "%"
        if not waiting or match["name"] or "*" in match[0]:
            raise Refused(gettext("It has other places than values."))
        return _place_of_percent(tree, match, waiting.pop(0))

    pieces = _pieces(tree, left)
    filled = [_filled(piece, fill) for piece in pieces]
    if waiting:
        raise Refused(gettext("It has other places than values."))
    return _joined(tree, left, pieces, filled)


def _place_of_percent(tree: SyntaxTree, match: re.Match[str], value: Node) -> str:
    flags, width, precision, kind = match["flags"], match["width"], match["precision"], match["type"]
    expression = _expression(tree, value)
    if kind in "sra":
        if set(flags) - {"-"}:
            raise Refused(gettext("`{place}` has no counterpart.").format(place=match[0]))
        # `!s`, because an object may say something else when it is formatted than as a text.
        conversion = "" if kind == "s" and _is_text(tree, value) else f"!{kind}"
        spec = (("<" if "-" in flags else ">") + width if width else "") + (f".{precision}" if precision else "")
        return f"{{{expression}{conversion}{':' + spec if spec else ''}}}"
    if kind in "di" and _is_number(tree, value) and not precision and not set(flags) - {"0"}:
        spec = flags + width
        return f"{{{expression}{':' + spec if spec else ''}}}"
    raise Refused(gettext("`{place}` may turn its value into another number first.").format(place=match[0]))


def _from_format(tree: SyntaxTree, node: Node) -> str:
    called, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    of = called.child_by_field_name("object") if called is not None else None
    if of is None or arguments is None or arguments.type != "argument_list":
        raise Refused(gettext("What is filled in is not written out."))
    values: dict[str, Node] = {}
    for i, argument in enumerate(arguments.named_children):
        name, value = argument.child_by_field_name("name"), argument.child_by_field_name("value")
        if argument.type in ("list_splat", "dictionary_splat"):
            raise Refused(gettext("What is filled in is not written out."))
        is_named = argument.type == "keyword_argument" and name is not None and value is not None
        values[tree.text_of(name) if is_named and name is not None else str(i)] = value if is_named and value is not None else argument
    _require_same_order(tree, list(values.values()))
    used: list[str] = []
    pieces = _pieces(tree, of)
    filled = [_filled_by_format(tree, piece, values, used) for piece in pieces]
    if list(dict.fromkeys(used)) != list(values) and not all(_is_steady(value) for value in values.values()):
        raise Refused(gettext("What is filled in would be evaluated in another order."))
    if any(used.count(name) != 1 and not _is_steady(value) for name, value in values.items()):
        raise Refused(gettext("What is filled in would be evaluated more than once, or not at all."))
    return _joined(tree, of, pieces, filled)


def _filled_by_format(tree: SyntaxTree, piece: _Piece, values: dict[str, Node], used: list[str]) -> str:
    parts = list[str]()
    try:
        fields = list(string.Formatter().parse(piece.content))
    except ValueError as error:
        raise Refused(gettext("Its places are not written as they should be.")) from error
    for literal, field, spec, conversion in fields:
        parts.append(literal.replace("{", "{{").replace("}", "}}"))
        if field is None:
            continue
        first = re.match(r"\w*", field)
        name, rest = (first[0] if first else ""), field[first.end() if first else 0 :]
        name = name or str(sum(each.isdecimal() for each in used))
        if name not in values or (spec and ("{" in spec or "\\" in spec)) or not re.fullmatch(r"(?:\.\w+)*", rest):
            raise Refused(gettext("`{{{place}}}` has no counterpart.").format(place=field))
        used.append(name)
        expression = _expression(tree, values[name])
        if rest and values[name].type not in ("identifier", "attribute", "call", "subscript"):
            expression = f"({expression})"
        parts.append(f"{{{expression}{rest}{'!' + conversion if conversion else ''}{':' + spec if spec else ''}}}")
    return "".join(parts)


def _from_sum(tree: SyntaxTree, node: Node) -> str:
    terms = _terms(node)
    if not any(term.type != "string" for term in terms):
        raise Refused(gettext("There is nothing to fill in."))
    pieces = [piece for term in terms if term.type == "string" for piece in _pieces(tree, term, or_f=True)]
    first = pieces[0]
    _require_same_order(tree, [term for term in terms if term.type != "string"])
    if any(piece.quotes != first.quotes or "r" in piece.prefix or "b" in piece.prefix for piece in pieces):
        raise Refused(gettext("Its parts are written in different quotes."))
    waiting, parts = list(pieces), list[str]()
    for term in terms:
        if term.type == "string":
            piece = waiting.pop(0)
            parts.append(piece.content if "f" in piece.prefix else piece.content.replace("{", "{{").replace("}", "}}"))
        elif _called(tree, term) == "str" and len(_arguments(term)) == 1 and "=" not in tree.text_of(_arguments(term)[0]):
            parts.append(f"{{{_expression(tree, _arguments(term)[0])}!s}}")
        elif _is_text(tree, term):
            parts.append(f"{{{_expression(tree, term)}}}")
        else:
            raise Refused(gettext("`{code}` may be no plain text, which `+` would treat differently.").format(code=tree.text_of(term)[:40]))
    return _checked(tree, node, f"f{first.quotes}{''.join(parts)}{first.quotes}")


def _filled(piece: _Piece, fill: Callable[[re.Match[str]], str]) -> str:
    """The content with each place filled in, and with braces doubled."""
    parts, at = list[str](), 0
    for match in _PLACE.finditer(piece.content):
        parts += [piece.content[at : match.start()].replace("{", "{{").replace("}", "}}"), fill(match)]
        at = match.end()
    rest = piece.content[at:]
    if "%" in rest or any("%" in part for part in parts[::2]):
        raise Refused(gettext("Its places are not written as they should be."))
    return "".join([*parts, rest.replace("{", "{{").replace("}", "}}")])


def _pieces(tree: SyntaxTree, node: Node, *, or_f: bool = False) -> list[_Piece]:
    """The strings of the source that a text is written as."""
    pieces = []
    for each in node.named_children if node.type == "concatenated_string" else [node]:
        opened = tree.text_of(each.named_children[0])
        prefix = opened.rstrip("\"'").lower()
        quotes = opened[len(prefix) :]
        content = tree.text_of(each)[len(opened) : -len(quotes)]
        if "b" in prefix or ("f" in prefix and not or_f) or "t" in prefix:
            raise Refused(gettext("It is no plain text."))
        # Written as an escape a brace or a percent sign would count as well, unseen.
        if re.search(r"\\(?:N\{|x[27][5bdBD]|u007[bdBD]|u0025|17[35]|45|\n)", content):
            raise Refused(gettext("It has signs in it that are written by their numbers."))
        pieces.append(_Piece(prefix, quotes, content))
    return pieces


def _joined(tree: SyntaxTree, written: Node, pieces: Sequence[_Piece], filled: Sequence[str]) -> str:
    """The strings with what stands between them, as it was."""
    nodes = written.named_children if written.type == "concatenated_string" else [written]
    parts, at = list[str](), written.start_byte
    for node, piece, content in zip(nodes, pieces, filled, strict=True):
        parts.append(tree.data[at : node.start_byte].decode())
        plain = content == piece.content and "{" not in content and "}" not in content
        letters = piece.prefix.replace("u", "") + ("" if plain else "f")
        # What is left of a text without places is that text.
        parts.append(f"{letters}{piece.quotes}{content}{piece.quotes}")
        at = node.end_byte
    return _checked(tree, written, "".join(parts))


def _checked(tree: SyntaxTree, node: Node, text: str) -> str:
    """The same, if Python reads it, also older ones, which take fewer signs inside of braces."""
    try:
        ast.parse(f"({text})")
    except SyntaxError as error:
        raise Refused(gettext("What is filled in cannot be written inside of a text.")) from error
    return text


def _expression(tree: SyntaxTree, value: Node) -> str:
    """A value as it is written between braces."""
    text = tree.text_of(value)
    if any(sign in text for sign in "\\\n#{}\"'"):
        raise Refused(gettext("`{code}` cannot be written inside of a text.").format(code=text[:40]))
    is_whole = value.type in _ATOMS or not any(
        each.type in ("lambda", "named_expression", "slice", "yield", "await") for each in descendants(value)
    )
    return text if is_whole and "!=" not in text and not text.startswith("{") else f"({text})"


def _require_same_order(tree: SyntaxTree, values: list[Node]) -> None:
    """Refuse values that could change what others are before those are turned into text."""
    for value in values[1:]:
        if not _is_harmless(tree, value):
            raise Refused(gettext("`{code}` may change what is filled in before it.").format(code=tree.text_of(value)[:40]))


def _is_harmless(tree: SyntaxTree, value: Node) -> bool:
    calls = [each for each in descendants(value) if each.type == "call"]
    known = all(_called(tree, call) in _HARMLESS for call in calls)
    return known and all(each.type in _HARMLESS_NODES for each in descendants(value) if each.is_named)


def _is_steady(value: Node) -> bool:
    return value.type in ("identifier", "integer", "float", "string")


def _is_text(tree: SyntaxTree, value: Node) -> bool:
    """Whether a value is surely a text."""
    if value.type in ("string", "concatenated_string"):
        return not tree.text_of(value).lower().startswith(("b", "rb"))
    called = value.child_by_field_name("function") if value.type == "call" else None
    if called is not None and called.type == "attribute":
        of, name = called.child_by_field_name("object"), called.child_by_field_name("attribute")
        of_text = of is not None and of.type == "string" and not tree.text_of(of).lower().startswith(("b", "rb"))
        return of_text and name is not None and tree.text_of(name) in _TEXT_METHODS
    return _called(tree, value) in _IS_TEXT


def _is_number(tree: SyntaxTree, value: Node) -> bool:
    return value.type == "integer" or _called(tree, value) in _IS_NUMBER


def _called(tree: SyntaxTree, value: Node) -> str:
    """The name of the function that a value is the result of; "" where it is none, or the file has one of its own."""
    called = value.child_by_field_name("function") if value.type == "call" else None
    name = tree.text_of(called) if called is not None and called.type == "identifier" else ""
    return "" if name and re.search(rf"\b(?:def|class|import|as)\s+{name}\b|\b{name}\s*=(?!=)", tree.text) else name


def _arguments(call: Node) -> list[Node]:
    arguments = call.child_by_field_name("arguments")
    return list(arguments.named_children) if arguments is not None else []


def _terms(node: Node) -> list[Node]:
    """The parts of a sum, in order."""
    found, waiting = list[Node](), [node]
    while waiting:
        term = waiting.pop()
        operator = term.child_by_field_name("operator") if term.type == "binary_operator" else None
        left, right = term.child_by_field_name("left"), term.child_by_field_name("right")
        if operator is not None and operator.type == "+" and left is not None and right is not None:
            waiting += [right, left]
        else:
            found.append(term)
    return found
