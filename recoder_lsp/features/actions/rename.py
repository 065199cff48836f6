"""Offers a better name for a local variable whose own says nothing: after what it is given, everywhere in the function."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoder_lsp.features.actions.bindings import Binding, Use, bindings_of, outermost_function
from recoder_lsp.features.actions.evaluations import types
from recoder_lsp.features.actions.naming import free_name, name_at, name_for, written
from recoder_lsp.features.actions.offering import Offer, Site
from recoder_lsp.features.edits import Change, Edit
from recoder_lsp.index.syntax.tree import Node, SyntaxTree
from recoder_lsp.index.words import split_identifier
from recoder_lsp.language import gettext

KIND = "refactor.rewrite.rename"
RENAME = "recoder.rename"

_SAYS_NOTHING = types("tmp temp data val value res result ret retval obj object thing stuff var foo bar baz info item elem element arr lst")
# What everybody understands: counters, coordinates, files, exceptions, and what is left aside.
_UNDERSTOOD = types("i j k n x y z _ e f")
_TYPE_WORDS = types(
    "optional list dict set tuple sequence iterable iterator mapping any none str int float bool bytes string number boolean"
)
_LOOKS_AT_NAMES = re.compile(r"\b(?:locals|eval|exec|vars)\(|\bnonlocal\b|\bglobal\b|\bwith \(")
_PLURAL = re.compile(r"(?:(?<=[^aeiou])ies|(?<=[sxz])es|(?<=[cs]h)es|(?<=[^s])s)$")


def offers(site: Site) -> Iterator[Offer]:
    """Yield one offer, where the caret is at such a variable, and what it stands for has a name to go by."""
    node = name_at(site)
    if node is None or not says_nothing(site.tree.text_of(node)):
        return
    function = outermost_function(node)
    bindings = bindings_of(site.tree, function) if function is not None else None
    binding = bindings.of(node) if bindings is not None else None
    if function is None or bindings is None or binding is None or binding.scope is bindings.top:
        return
    if not can_be_renamed(site.tree, function, binding):
        return
    name = _suggested(site, binding)
    if not name or says_nothing(name) or free_name(name, site.tree.text_of(function), site.tree.language) != name:
        # What it is, only the code around it tells, and that to a model.
        title = gettext("Ask the completion model for a name for `{name}`").format(name=binding.name)
        yield Offer("rename.by_model", title, KIND, command=RENAME)
        return
    change = Change(tuple(renamed(site.tree, use, name) for use in binding.uses))
    yield Offer("rename.suggested", gettext("Rename `{old}` to `{new}`").format(old=binding.name, new=name), KIND, lambda: change)


def says_nothing(name: str) -> bool:
    """Whether one cannot tell from a name what it stands for."""
    plain = name.rstrip("0123456789_").lower()
    return name not in _UNDERSTOOD and (len(plain) <= 1 or plain in _SAYS_NOTHING)


def can_be_renamed(tree: SyntaxTree, function: Node, binding: Binding) -> bool:
    """Whether all places that a variable is used in are known, and nobody else knows it by its name."""
    if _LOOKS_AT_NAMES.search(tree.text_of(function)) or binding.scope.is_class:
        return False
    # Callers may name the parameters of Python; those that JavaScript takes apart have the names of properties.
    if tree.language == "python" and binding.is_parameter:
        return False
    if any(use.node.type == "shorthand_property_identifier_pattern" for use in binding.uses):
        return False
    return all(use.how not in ("import", "definition") and not _shows_itself(use.node) for use in binding.uses)


def _suggested(site: Site, binding: Binding) -> str:
    """A name after the type or the value that the variable gets first; "" where neither tells one."""
    use = next((use for use in binding.uses if use.writes), None)
    outer = use.node.parent if use is not None else None
    if use is None or outer is None:
        return ""
    if (annotation := outer.child_by_field_name("type")) is not None:
        words = [word for name in re.findall(r"\w+", site.tree.text_of(annotation)) for word in split_identifier(name)]
        words = [word for word in words if word not in _TYPE_WORDS and word.isidentifier()]
        return written(words, site.tree.language) if words else ""
    value = outer.child_by_field_name("right") or outer.child_by_field_name("value")
    if (
        value is None
        or outer.child_by_field_name("left") not in (None, use.node)
        or outer.child_by_field_name("name") not in (None, use.node)
    ):
        return ""
    if use.how == "for":
        return _one_of(name_for(site.tree, value, "") if value.type != "identifier" else site.tree.text_of(value))
    return name_for(site.tree, value, "") if value.type not in ("binary_operator", "binary_expression") else ""


def _one_of(name: str) -> str:
    """The singular of a name: `user` of `users`; "" where it is no plural."""
    found = _PLURAL.search(name)
    return "" if found is None else name[: found.start()] + ("y" if found[0] == "ies" else "")


def renamed(tree: SyntaxTree, use: Use, name: str) -> Edit:
    """Return the edit that gives a variable another name in one place; properties keep theirs: `{ user }` becomes `{ user: name }`."""
    text = f"{use.name}: {name}" if use.node.type.startswith("shorthand_property_identifier") else name
    return Edit(tree.start(use.node), tree.end(use.node), text)


def _shows_itself(node: Node) -> bool:
    """Whether a text shows the name: `f"{user=}"`."""
    outer = node.parent
    return outer is not None and outer.type == "interpolation" and any(child.type == "=" for child in outer.children)
