"""Makes a function of the selected expression or statements, with the parameters and results that they need; or says why not."""

from __future__ import annotations

from collections.abc import Iterator

from recoder_lsp.features.actions.bindings import is_in_class_body
from recoder_lsp.features.actions.evaluation import evaluation_of, is_block
from recoder_lsp.features.actions.evaluations import Evaluation
from recoder_lsp.features.actions.extract_variable import selected_value
from recoder_lsp.features.actions.extracted_javascript import change_of_javascript, change_within, require_no_constructor
from recoder_lsp.features.actions.extracted_python import change_of_python
from recoder_lsp.features.actions.extracting import Part, extraction_of
from recoder_lsp.features.actions.moving import has_own_lines
from recoder_lsp.features.actions.offering import Offer, Site
from recoder_lsp.features.edits import Change, Refused
from recoder_lsp.index.syntax.tree import Node
from recoder_lsp.language import gettext

KIND = "refactor.extract.function"
LANGUAGES = ("python", "javascript", "javascriptreact", "typescript", "typescriptreact")


def offers(site: Site) -> Iterator[Offer]:
    """Yield the one offer, where an expression or whole statements are selected; disabled where it would change what happens."""
    evaluation = evaluation_of(site.tree)
    if site.tree.language not in LANGUAGES or evaluation is None or not site.selected.strip() or len(site.selected) > 20_000:
        return
    if (part := _part(site, evaluation)) is None:
        return
    title = gettext("Extract function")
    try:
        change = _change(site, part, evaluation)
    except Refused as refused:
        yield Offer("extract.function", title, KIND, disabled=str(refused))
        return
    yield Offer("extract.function", title, KIND, lambda: change)


def _change(site: Site, part: Part, evaluation: Evaluation) -> Change:
    if not part.is_expression and not has_own_lines(site, part.nodes):
        raise Refused(gettext("Other code stands on the same lines."))
    if any(node.has_error for node in part.nodes):
        raise Refused(gettext("There is a syntax error in it."))
    if site.tree.language == "python":
        return change_of_python(site, extraction_of(part, evaluation))
    require_no_constructor(part)
    try:
        return change_of_javascript(site, extraction_of(part, evaluation))
    except Refused:
        # Inside of the function around it, it sees everything that it needs.
        return change_within(site, extraction_of(part, evaluation, shares_variables=True))


def _part(site: Site, evaluation: Evaluation) -> Part | None:
    """What is selected; None where it is neither one expression nor some statements of a block."""
    value = selected_value(site, evaluation)
    if value is not None and not (value.parent is not None and value.parent.type == "expression_statement"):
        return Part(site.tree, (value,), True)
    nodes = _statements(site, evaluation)
    return Part(site.tree, nodes, False) if nodes else None


def _statements(site: Site, evaluation: Evaluation) -> tuple[Node, ...]:
    """The statements that begin and end with the selection, comments around them aside."""
    start, end = _code_of(site)
    first, last = site.tree.byte_at(start), site.tree.byte_at(end)
    block: Node | None = site.tree.around(start, end)
    while block is not None and not (is_block(block, evaluation) and _holds_whole(block, first, last)):
        block = block.parent
    if block is None or is_in_class_body(block):
        return ()
    inside = [child for child in block.named_children if first <= child.start_byte and child.end_byte <= last]
    if not inside or inside[0].start_byte != first or inside[-1].end_byte != last or all(child.is_extra for child in inside):
        return ()
    is_value = block.type == "switch_case" and block.child_by_field_name("value") in inside
    return () if is_value or any(child.type in _DECLARATIONS or _is_text(child) for child in inside) else tuple(inside)


def _code_of(site: Site) -> tuple[int, int]:
    """Where the selection begins and ends without comments, on lines of their own, and blank space around the code."""
    mark = "#" if site.tree.language == "python" else "//"
    lines = site.selected.split("\n")
    is_code = [bool(line.strip()) and not line.lstrip().startswith(mark) for line in lines]
    first = is_code.index(True) if any(is_code) else 0
    last = len(lines) - is_code[::-1].index(True) if any(is_code) else len(lines)
    start = site.start + sum(len(line) + 1 for line in lines[:first])
    code = "\n".join(lines[first:last])
    return start + len(code) - len(code.lstrip()), start + len(code.rstrip())


def _is_text(statement: Node) -> bool:
    """Whether a statement is nothing but a text: documentation, or "use strict"."""
    return statement.type == "expression_statement" and [child.type for child in statement.named_children] == ["string"]


def _holds_whole(block: Node, first: int, last: int) -> bool:
    return any(child.start_byte == first for child in block.named_children) and any(
        child.end_byte == last for child in block.named_children
    )


_DECLARATIONS = (
    *(
        "hash_bang_line",
        "import_statement",
        "import_from_statement",
        "export_statement",
        "future_import_statement",
        "class_definition",
        "function_definition",
    ),
    *("decorated_definition", "function_declaration", "class_declaration", "interface_declaration", "type_alias_declaration"),
)
