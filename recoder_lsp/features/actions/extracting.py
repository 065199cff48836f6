"""What a part of a function takes and gives, if it is to be a function of its own: or why it cannot be one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from recoder_lsp.features.actions.bindings import (
    FUNCTIONS,
    SEEN_BYTES,
    Binding,
    Bindings,
    Scope,
    Use,
    bindings_of,
    is_declared_by,
    is_in_function,
    outermost_function,
)
from recoder_lsp.features.actions.evaluation import is_sure, statement_of
from recoder_lsp.features.actions.evaluations import Evaluation
from recoder_lsp.features.actions.flow import Given, Needed
from recoder_lsp.features.actions.flow_of import Lowering
from recoder_lsp.features.edits import Refused
from recoder_lsp.index.syntax.tree import Node, SyntaxTree, ancestors
from recoder_lsp.language import gettext

_LOOPS = ("for_statement", "while_statement", "for_in_statement", "do_statement")
_SEES_NAMES = ("locals", "eval", "exec", "vars", "dir", "globals")
_SEES_CALLERS = ("sys._getframe", "_getframe", "inspect.currentframe", "currentframe", "inspect.stack")
_AWAITS = ("await", "await_expression")
_YIELDS = ("yield", "yield_expression")


@dataclass(frozen=True)
class Part:
    """What is selected: an expression, or statements of one block that follow each other."""

    tree: SyntaxTree
    nodes: tuple[Node, ...]
    is_expression: bool

    @property
    def start(self) -> int:
        """The first byte."""
        return self.nodes[0].start_byte

    @property
    def end(self) -> int:
        return self.nodes[-1].end_byte

    def own(self, *, into_arrows: bool = False) -> Iterator[Node]:
        """Yield what is in it, without the bodies of functions in it, save arrow functions where they are wanted."""
        waiting = list(reversed(self.nodes))
        while waiting:
            node = waiting.pop()
            yield node
            if not (node.type in FUNCTIONS or node.type == "lambda") or (into_arrows and node.type == "arrow_function"):
                waiting += reversed(node.named_children)

    def holds(self, node: Node) -> bool:
        return self.start <= node.start_byte and node.end_byte <= self.end


@dataclass(frozen=True)
class Extraction:
    """A function in the making."""

    part: Part
    function: Node | None
    """The outermost function around it."""
    taken: tuple[Binding, ...]
    """What it needs the values of."""
    given: tuple[Binding, ...]
    """What is needed of it afterwards."""
    blank: tuple[Binding, ...]
    """What it gives a value to, and nobody else needs before or after: declared anew in languages that declare."""
    returns: bool
    """Whether it ends the function around it: its result is that function's."""
    awaits: bool


def extraction_of(part: Part, evaluation: Evaluation, *, shares_variables: bool = False) -> Extraction:
    """Return what the part would take and give.

    Args:
        part: What is selected.
        evaluation: Of its language.
        shares_variables: Whether the function is to stand inside of the one around it, whose variables it then simply uses.

    Raises:
        Refused: It would not do the same any more.
    """
    tree, function = part.tree, outermost_function(part.nodes[0], SEEN_BYTES * 3)
    around = function if function is not None else part.nodes[0]
    if is_in_function(around) and not (shares_variables and function is not None):
        raise Refused(gettext("The function around it is too long to be looked at."))
    roots = (function,) if function is not None else _top_statements(part)
    bindings = bindings_of(tree, *roots)
    if bindings is None:
        raise Refused(gettext("This is not known for the language."))
    uses = bindings.within(part.start, part.end)
    _require_movable(part, bindings, uses, shares_variables)
    inner = _scope_around(bindings, part)
    awaits = any(_awaits(node) for node in part.own())
    if part.is_expression:
        taken = () if shares_variables else _used_from_outside(part, bindings, uses)
        _require_values(part, bindings, roots, inner, evaluation, taken)
        return Extraction(part, function, taken, (), (), False, awaits)
    return _of_statements(part, bindings, roots, inner, evaluation, function, awaits, shares_variables)


def _of_statements(
    part: Part,
    bindings: Bindings,
    roots: tuple[Node, ...],
    inner: Scope,
    evaluation: Evaluation,
    function: Node | None,
    awaits: bool,
    shares: bool,
) -> Extraction:
    lowering = Lowering(part.tree, bindings, inner, evaluation)
    nodes = [node for node in part.nodes if not node.is_extra]
    statements = [lowering.statement(node) for node in nodes]
    within = Given()
    ended = within.after(statements, frozenset())
    body, whole = lowering.body, lowering.whole(roots)
    around = Given(nodes[0].start_byte)
    around.after(whole, _given_at_first(bindings, inner))
    needed = Needed(nodes[-1].end_byte)
    needed.look(whole)
    returns = _returns(part, within, ended is None, body)
    used = bindings.used_within(part.start, part.end)
    written = [binding for binding in used if any(use.writes for use in binding.uses if part.holds(use.node))]
    if function is None and any(binding.scope is bindings.top for binding in written):
        raise Refused(gettext("Names that are given a value here belong to the module, and others may use them."))
    local = [binding for binding in used if binding.scope is not bindings.top]
    for binding in written:
        if binding in needed.after_failure and not shares:
            raise Refused(gettext("`{name}` is used where a failure of this code is handled.").format(name=binding.name))
    declares = part.tree.language != "python"
    given = [binding for binding in local if _is_given(binding, part, needed, declares, shares)] if not returns else []
    if returns and declares and any(_is_declared_in(binding, part) and _is_used_outside(binding, part) for binding in written):
        raise Refused(gettext("A variable that is declared here is used elsewhere too."))
    read_first = within.missing | {binding for binding in given if ended is not None and binding not in ended}
    taken = [] if shares else [binding for binding in local if _is_taken(binding, part, inner, read_first)]
    surely = around.at_start if around.at_start is not None else frozenset()
    for binding in taken:
        if not declares and binding not in surely and binding.scope.function is inner:
            raise Refused(gettext("`{name}` may have no value here.").format(name=binding.name))
    elsewhere = [binding for binding in written if not part.holds(binding.scope.node) and not _is_declared_in(binding, part)]
    blank = [binding for binding in elsewhere if declares and not shares and binding not in taken]
    return Extraction(part, function, tuple(taken), tuple(given), tuple(blank), returns, awaits)


def _is_taken(binding: Binding, part: Part, inner: Scope, read_first: set[Binding]) -> bool:
    """Whether the part needs the value that a variable has before."""
    return (binding in read_first or _is_closed_over(binding, part, inner)) and not _is_declared_in(binding, part)


def _require_values(
    part: Part, bindings: Bindings, roots: tuple[Node, ...], inner: Scope, evaluation: Evaluation, taken: Iterable[Binding]
) -> None:
    """Refuse variables without a value, perhaps, that the expression reads only perhaps: as parameters they would need one."""
    node, statement = part.nodes[0], statement_of(part.nodes[0], evaluation)
    doubtful = [
        binding
        for binding in taken
        if binding.scope.function is inner and not any(part.holds(use.node) and is_sure(use.node, node, evaluation) for use in binding.uses)
    ]
    if part.tree.language != "python" or statement is None or not doubtful:
        return
    around = Given(statement.start_byte)
    around.after(Lowering(part.tree, bindings, inner, evaluation).whole(roots), _given_at_first(bindings, inner))
    for binding in doubtful:
        if around.at_start is not None and binding not in around.at_start:
            raise Refused(gettext("`{name}` may have no value here.").format(name=binding.name))


def _top_statements(part: Part) -> tuple[Node, ...]:
    """The statements of the module that the part is in, or is."""
    return tuple(each for each in part.tree.root.named_children if each.start_byte < part.end and part.start < each.end_byte)


def _require_movable(part: Part, bindings: Bindings, uses: list[Use], shares: bool) -> None:
    """Refuse what means something else in another function."""
    for node in part.own():
        _require_ordinary(part, node)
    for binding in bindings.used_within(part.start, part.end):
        inside = [use for use in binding.uses if part.holds(use.node)]
        is_shared = any(use.scope.function is not binding.scope.function for use in inside if use.writes)
        is_outer = any(use.writes for use in inside) and not part.holds(binding.scope.node)
        if part.is_expression and (is_shared or is_outer):
            raise Refused(gettext("It gives `{name}` a value.").format(name=binding.name))
        is_copied = not shares or (_is_declared_in(binding, part) and _is_used_outside(binding, part))
        if not is_copied or binding.scope is bindings.top or part.holds(binding.scope.node):
            continue
        _require_no_sharing(part, binding, inside)
    for use in uses:
        is_elsewhere = use.writes and bindings.of_use(use) is None and not shares
        if is_elsewhere and (part.tree.language == "python" or part.is_expression):
            raise Refused(gettext("`{name}` is declared as belonging to something else.").format(name=use.name))


def _require_ordinary(part: Part, node: Node) -> None:
    """Refuse what is about the function around it, or its variables."""
    called = node.child_by_field_name("function") if node.type in ("call", "call_expression") else None
    name = part.tree.text_of(called) if called is not None else ""
    if node.type in _YIELDS:
        raise Refused(gettext("It yields, which only the function around it can do."))
    if name == "eval" or (name in _SEES_NAMES and node.type == "call"):
        raise Refused(gettext("`{name}` looks at the variables of the function around it.").format(name=name))
    if name in _SEES_CALLERS or (node.type == "keyword_argument" and part.tree.text_of(node).startswith("stacklevel")):
        raise Refused(gettext("It counts the functions around it."))
    if node.type == "wildcard_import":
        raise Refused(gettext("It imports all names of a module, which only the module can do."))
    if node.type in ("global_statement", "nonlocal_statement", "delete_statement"):
        raise Refused(gettext("It says something about the variables of the function around it."))


def _require_no_sharing(part: Part, binding: Binding, inside: list[Use]) -> None:
    """Refuse variables that functions share with the one around them: in another function there would be two of them."""
    own = binding.scope.function
    if any(use.writes and use.scope.function is not own for use in binding.uses):
        raise Refused(gettext("A function inside changes `{name}`.").format(name=binding.name))
    closures_inside = any(_is_in_function_of(use, part) for use in inside)
    closures_outside = any(
        use.scope.function is not own and not part.holds(use.node) and not _is_around(use.scope.function, part) for use in binding.uses
    )
    if closures_outside and any(use.writes for use in inside):
        raise Refused(gettext("A function inside uses `{name}`, which is changed here.").format(name=binding.name))
    if closures_inside and not _never_changes(part, binding):
        raise Refused(gettext("A function in it uses `{name}`, which may be changed later.").format(name=binding.name))


def _never_changes(part: Part, binding: Binding) -> bool:
    """Whether a variable has one value only, for as long as a function may look at it."""
    if part.tree.language != "python" and _is_declared_in(binding, part) and not _is_used_outside(binding, part):
        return True
    writes = binding.writes
    in_loop = any(outer.type in _LOOPS for write in writes for outer in ancestors(write.node) if _is_inside(outer, binding.scope.node))
    return len(writes) == 1 and not in_loop


def _is_given(binding: Binding, part: Part, needed: Needed, declares: bool, shares: bool) -> bool:
    written = any(use.writes for use in binding.uses if part.holds(use.node))
    if declares and _is_declared_in(binding, part):
        return _is_used_outside(binding, part)
    return written and not shares and binding in needed.afterwards


def _returns(part: Part, within: Given, never_ends: bool, body: Node | None) -> bool:
    """Whether the part ends the function around it."""
    if within.leaves & {"break", "continue"}:
        raise Refused(gettext("It jumps out of what is selected: to a loop that is not."))
    if "return" not in within.leaves:
        return False
    if any(node.type in ("break_statement", "continue_statement") and node.child_by_field_name("label") is not None for node in part.own()):
        raise Refused(gettext("It jumps to a label."))
    last = part.nodes[-1]
    after = last.next_named_sibling
    while after is not None and after.is_extra:
        after = after.next_named_sibling
    if never_ends or (body is not None and last.parent == body and after is None):
        return True
    raise Refused(gettext("It returns from the function around it in some cases, and goes on in others."))


def _given_at_first(bindings: Bindings, inner: Scope) -> frozenset[Binding]:
    """What has a value when the function begins: parameters, and what is of functions around it."""
    found = set[Binding]()
    for use in bindings.uses:
        binding = bindings.of_use(use)
        if binding is not None and (binding.scope.function is not inner or binding.is_parameter):
            found.add(binding)
    return frozenset(found)


def _used_from_outside(part: Part, bindings: Bindings, uses: list[Use]) -> tuple[Binding, ...]:
    """The variables that an expression reads and does not make itself."""
    return tuple(
        each for each in bindings.used_within(part.start, part.end) if each.scope is not bindings.top and not part.holds(each.scope.node)
    )


def _awaits(node: Node) -> bool:
    is_async = node.type in ("for_statement", "with_statement", "for_in_clause", "for_in_statement")
    return node.type in _AWAITS or (is_async and any(child.type in ("async", "await") for child in node.children))


def _scope_around(bindings: Bindings, part: Part) -> Scope:
    """The function that the part is in."""
    around = [use.scope for use in bindings.uses if not part.holds(use.scope.node) and _is_around(use.scope, part)]
    scopes = [scope.function for scope in around]
    return max(scopes, key=_depth, default=bindings.top)


def _depth(scope: Scope) -> int:
    return 0 if scope.outer is None else 1 + _depth(scope.outer)


def _is_around(scope: Scope, part: Part) -> bool:
    return scope.outer is None or (scope.node.start_byte <= part.start and part.end <= scope.node.end_byte and not part.holds(scope.node))


def _is_in_function_of(use: Use, part: Part) -> bool:
    """Whether a use is in a function that itself is in the part."""
    return use.scope.function.outer is not None and part.holds(use.scope.function.node)


def _is_closed_over(binding: Binding, part: Part, inner: Scope) -> bool:
    inside = [use for use in binding.uses if part.holds(use.node)]
    in_functions = any(use.scope.function is not inner for use in inside)
    return in_functions and not any(use.writes for use in inside) and not part.holds(binding.scope.node)


def _is_declared_in(binding: Binding, part: Part) -> bool:
    """Whether a declaration of the variable stands in the part."""
    return any(use.writes and use.how != "augmented" and part.holds(use.node) and _declares(use.node) for use in binding.uses)


def _declares(name: Node) -> bool:
    """Whether a name is declared here, and not only given a value: in Python nothing is declared."""
    for outer in ancestors(name):
        if outer.type in (
            "variable_declarator",
            "catch_clause",
            "function_declaration",
            "class_declaration",
            "generator_function_declaration",
        ):
            return outer.type != "variable_declarator" or is_declared_by(outer, name)
        if outer.type == "for_in_statement":
            return outer.child_by_field_name("kind") is not None and _is_inside(name, outer.child_by_field_name("left"))
        if outer.type in ("expression_statement", "statement_block", "block"):
            return False
    return False


def _is_used_outside(binding: Binding, part: Part) -> bool:
    return any(not part.holds(use.node) for use in binding.uses)


def _is_inside(node: Node, outer: Node | None) -> bool:
    return outer is not None and outer.start_byte <= node.start_byte and node.end_byte <= outer.end_byte
