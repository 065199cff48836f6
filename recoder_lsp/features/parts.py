"""The part of a document that a model is to change: found at the selection, shown without its margin, and put back as the file has it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from recoder_lsp.document import split_lines
from recoder_lsp.features.actions.offering import Site
from recoder_lsp.features.edits import Refused
from recoder_lsp.index.syntax.tree import Node, SyntaxTree, ancestors, descendants
from recoder_lsp.language import gettext

FUNCTIONS = frozenset(
    {
        *("function_definition", "function_declaration", "generator_function_declaration", "function_item", "function_signature_item"),
        *("method_definition", "method_declaration", "constructor_declaration", "method", "singleton_method", "local_function_statement"),
    }
)
TYPES = frozenset(
    {
        *("class_definition", "class_declaration", "abstract_class_declaration", "class", "class_specifier", "struct_specifier"),
        *("interface_declaration", "trait_item", "impl_item", "struct_item", "enum_item", "enum_declaration", "record_declaration"),
        *("struct_declaration", "object_declaration", "trait_declaration", "module", "enum_specifier"),
    }
)
_WRAPPERS = frozenset({"decorated_definition", "export_statement", "template_declaration"})
_ABOVE = frozenset({"comment", "line_comment", "block_comment", "attribute_item", "doc_comment"})


@dataclass(frozen=True)
class Part:
    """`text[start:end]` of a document. `is_whole_lines` where it begins and ends with a line; its last line break is not part of it."""

    before: str
    """What stands there."""
    start: int
    end: int
    margin: str
    """The white space that all its lines begin with."""
    is_whole_lines: bool
    step: str
    """One step of indentation in this document."""
    line_break: str
    """What its lines end with."""

    @property
    def code(self) -> str:
        r"""What a model reads: without the margin, with \n between the lines."""
        first, *others = _lines(self.before)
        shown = [self._without_margin(first) if self.is_whole_lines else first, *map(self._without_margin, others)]
        return "\n".join(shown)

    def replaced(self, code: str) -> str:
        """Return what is to stand in its place, given what became of `code`. Lines that stay end as they did."""
        first, *others = _lines(code.strip("\n") if self.is_whole_lines else code.strip())
        if self.is_whole_lines:
            indented = _with_margin(_beginning_like(self.code, _indented_by(self.step, [first, *others])), self.margin)
        else:
            indented = [first, *_with_margin(_indented_by(self.step, others), self.margin)]
        return _as_before(self.before, indented, self.line_break)

    def _without_margin(self, line: str) -> str:
        return line.removeprefix(self.margin) if line.strip() else ""


def part_at(site: Site) -> Part:
    """Return what is meant by a selection: it, with the rest of its first and last line where that is white space only.

    By a caret: the function around it, else the class, else the statement.

    Raises:
        Refused: There is nothing.
    """
    start, end = site.start, site.end
    if not site.selected.strip():
        node = _meant_by_caret(site.tree, _near(site.text, start))
        start, end = _with_comments_above(site.tree, node), site.tree.end(node)
    return _part(site, start, end)


def definition_at(tree: SyntaxTree, offset: int, types: frozenset[str] = FUNCTIONS | TYPES) -> Node | None:
    """Return the innermost definition around an offset, with its decorators and its `export`."""
    node = tree.around(offset, offset)
    found = next((each for each in (node, *ancestors(node)) if each.type in types and each.child_by_field_name("name")), None)
    while found is not None and found.parent is not None and found.parent.type in _WRAPPERS:
        found = found.parent
    return found


def names_defined(tree: SyntaxTree, start: int, end: int) -> set[str]:
    """Return the names of the functions and classes within `text[start:end]`, those inside of others left out."""
    return {tree.text_of(name) for name in _names(tree, tree.byte_at(start), tree.byte_at(end))}


def _names(tree: SyntaxTree, start: int, end: int) -> Iterator[Node]:
    covered = start
    for node in descendants(tree.root):
        is_outermost = covered <= node.start_byte and node.end_byte <= end and node.type in FUNCTIONS | TYPES
        if is_outermost and (name := node.child_by_field_name("name")) is not None:
            covered = node.end_byte
            yield name


def _meant_by_caret(tree: SyntaxTree, offset: int) -> Node:
    node = tree.around(offset, offset)
    if node.type in _ABOVE and not _is_behind_code(tree, node) and (below := _below_comments(node)) is not None:
        offset = tree.start(below)
    found = definition_at(tree, offset, FUNCTIONS) or definition_at(tree, offset)
    if found is not None:
        return found
    statement = next((each for each in (node, *ancestors(node)) if each.parent is not None and each.parent.parent is None), None)
    if statement is None:
        raise Refused(gettext("There is no code at the cursor."), gettext("Put the cursor into some, or select it."))
    return statement


def _with_comments_above(tree: SyntaxTree, node: Node) -> int:
    """Where a definition begins with the comments and attributes that stand right above it."""
    above = node.prev_sibling
    while above is not None and above.type in _ABOVE and not _is_behind_code(tree, above):
        # Some grammars give the line break to the comment.
        if tree.data[above.end_byte : node.start_byte].count(b"\n") + tree.data[above.start_byte : above.end_byte].endswith(b"\n") > 1:
            break
        node, above = above, above.prev_sibling
    return tree.start(node)


def _below_comments(node: Node) -> Node | None:
    """The definition that comments are about, if they stand above one."""
    below: Node | None = node
    while below is not None and below.type in _ABOVE:
        below = below.next_named_sibling
    return below if below is not None and below.type in FUNCTIONS | TYPES | _WRAPPERS else None


def _is_behind_code(tree: SyntaxTree, node: Node) -> bool:
    line_start = tree.data.rfind(b"\n", 0, node.start_byte) + 1
    return bool(tree.data[line_start : node.start_byte].strip())


def _near(text: str, offset: int) -> int:
    """The first place of the line with something on it, if the caret stands in the white space before."""
    line_start = text.rfind("\n", 0, offset) + 1
    if text[line_start:offset].strip():
        return offset
    rest = text[line_start:].split("\n", 1)[0]
    return max(offset, line_start + len(rest) - len(rest.lstrip()))


def _part(site: Site, start: int, end: int) -> Part:
    text = site.text
    while start < end and text[end - 1].isspace():
        end -= 1
    # Empty lines at the beginning, but not the indentation of the first line with something on it.
    start += len(text[start:end]) - len(text[start:end].lstrip())
    line_start = text.rfind("\n", 0, start) + 1
    rest_of_line = text[end:].split("\n", 1)[0]
    is_whole = not text[line_start:start].strip() and not rest_of_line.strip()
    others = [line for line in _lines(text[start:end])[1:] if line.strip()]
    indentations = [_indentation(text[line_start:end]), *map(_indentation, others)]
    start = line_start if is_whole else start
    return Part(text[start:end], start, end, _common(indentations), is_whole, site.indentation, site.line_break)


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _common(texts: Sequence[str]) -> str:
    """What all of them begin with."""
    first, last = min(texts, default=""), max(texts, default="")
    return first[: next((i for i, character in enumerate(first) if character != last[i]), len(first))]


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _indented_by(step: str, lines: Sequence[str]) -> list[str]:
    """The lines with tabs for their spaces, or spaces for their tabs, where the document has the other."""
    indentations = [_indentation(line) for line in lines if line.strip()]
    if step == "\t" and not any("\t" in each for each in indentations):
        widths = [len(each) for each in indentations if each]
        unit = min(widths, default=0)
        if unit > 1:
            return [_spaces_to_tabs(line, unit) for line in lines]
    elif step.strip("\t") and not any(" " in each for each in indentations):
        return [step * (len(line) - len(line.lstrip("\t"))) + line.lstrip("\t") for line in lines]
    return list(lines)


def _spaces_to_tabs(line: str, unit: int) -> str:
    n_spaces = len(line) - len(line.lstrip(" "))
    return "\t" * (n_spaces // unit) + " " * (n_spaces % unit) + line[n_spaces:]


def _beginning_like(code: str, lines: Sequence[str]) -> list[str]:
    """The lines, moved so that the first is indented like that of the code."""
    wanted = _indentation(code)
    if _indentation(lines[0]) == wanted:
        return list(lines)
    margin = _common([_indentation(line) for line in lines if line.strip()])
    return _with_margin([line.removeprefix(margin) for line in lines], wanted)


def _with_margin(lines: Sequence[str], margin: str) -> list[str]:
    return [margin + line if line.strip() else "" for line in lines]


def _as_before(before: str, after: Sequence[str], line_break: str) -> str:
    """The lines after a change as one text: those that were there before end as they did."""
    old = split_lines(before)
    matcher = difflib.SequenceMatcher(None, [line.rstrip() for line in old], [line.rstrip() for line in after], autojunk=False)
    lines = [line + line_break for line in after]
    for block in matcher.get_matching_blocks():
        for i in range(block.size):
            line = old[block.a + i]
            lines[block.b + i] = line if line.endswith(("\n", "\r")) else line + line_break
    return "".join(lines).removesuffix("\n").removesuffix("\r")
