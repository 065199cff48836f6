"""The variables of a function: which names mean the same one, where each is read and written, and from which scopes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from recoder_lsp.features.actions.evaluations import types
from recoder_lsp.index.syntax.tree import Node, SyntaxTree, ancestors

# 10 ms. A whole file may be one function.
SEEN_BYTES = 20_000


@dataclass(eq=False)
class Scope:
    """A part of the text with names of its own."""

    node: Node
    outer: Scope | None
    runs_later: bool = False
    """Whether it is a function: what is in it runs when it is called, not where it stands."""
    is_class: bool = False
    """Whether functions in it do not see its names."""
    names: dict[str, Binding] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)
    """Names that are declared to belong to another scope: "global" or "nonlocal"."""

    @property
    def function(self) -> Scope:
        """Itself or the scope around that runs as a whole."""
        scope = self
        while not scope.runs_later and scope.outer is not None:
            scope = scope.outer
        return scope

    def declare(self, name: str) -> None:
        """Say that the name has a variable of its own here."""
        if name not in self.elsewhere:
            self.names.setdefault(name, Binding(name, self))

    def find(self, name: str) -> Binding | None:
        """Return the variable that a name means here; None for one of the module, or of nowhere."""
        scope: Scope | None = self
        while scope is not None:
            if scope.elsewhere.get(name) == "global":
                return None
            if name in scope.names and (scope is self or not scope.is_class):
                return scope.names[name]
            scope = scope.outer
        return None


@dataclass(eq=False)
class Binding:
    """One variable."""

    name: str
    scope: Scope
    uses: list[Use] = field(default_factory=list)
    """All of them, in the order of the text."""

    @property
    def reads(self) -> list[Use]:
        return [use for use in self.uses if use.reads]

    @property
    def writes(self) -> list[Use]:
        return [use for use in self.uses if use.writes]

    @property
    def is_captured(self) -> bool:
        """Whether a function inside uses it too."""
        return any(use.scope.function is not self.scope.function for use in self.uses)

    @property
    def is_parameter(self) -> bool:
        return any(use.how == "parameter" for use in self.uses)


@dataclass(frozen=True, eq=False)
class Use:
    """One place where a name stands for a variable."""

    node: Node
    scope: Scope
    name: str
    reads: bool
    writes: bool
    how: str
    """What gives it a value: "parameter", "assignment", "for", "import", "definition", ...; "" where it is only read."""


class Bindings:
    """The variables of one function, or of a module, with all functions in it."""

    def __init__(self, top: Scope, uses: Iterable[Use]) -> None:
        self.top = top
        self.uses = sorted(uses, key=lambda use: use.node.start_byte)
        self._starts = [use.node.start_byte for use in self.uses]
        self._of: dict[int, Binding] = {}
        for use in self.uses:
            if (binding := use.scope.find(use.name)) is not None:
                binding.uses.append(use)
                self._of[use.node.start_byte] = binding

    def of(self, node: Node) -> Binding | None:
        """Return the variable that a name stands for; None for what is no name, or not of this function."""
        binding = self._of.get(node.start_byte)
        return binding if binding is not None and any(use.node == node for use in binding.uses) else None

    def of_use(self, use: Use) -> Binding | None:
        """Return the variable that is used."""
        return self._of.get(use.node.start_byte)

    def within(self, start: int, end: int) -> list[Use]:
        """Return the uses between two bytes."""
        found = self.uses[bisect_left(self._starts, start) : bisect_left(self._starts, end)]
        return [use for use in found if use.node.end_byte <= end]

    def used_within(self, start: int, end: int) -> list[Binding]:
        """Return the different variables that are used between two bytes, in order."""
        return list(dict.fromkeys(binding for use in self.within(start, end) if (binding := self.of_use(use)) is not None))


class Walk:
    """Collects uses while a language's function says what each node means; without recursion, as code may be nested deeply."""

    def __init__(self, tree: SyntaxTree) -> None:
        self.tree = tree
        self.uses: list[Use] = []
        self._waiting: list[tuple[Node, Scope]] = []

    def later(self, nodes: Iterable[Node | None], scope: Scope) -> None:
        """Look at the nodes in this scope, when it is their turn."""
        self._waiting += [(node, scope) for node in nodes if node is not None]

    def use(self, node: Node, scope: Scope, *, reads: bool = False, how: str = "", declared_in: Scope | None = None) -> None:
        """Note that a name stands here; with `declared_in` it is a variable of that scope."""
        name = self.tree.text_of(node)
        if declared_in is not None:
            declared_in.declare(name)
        self.uses.append(Use(node, scope, name, reads, bool(how), how))

    def run(self, nodes: Iterable[Node], look: Callable[[Walk, Node, Scope], None]) -> Bindings:
        """Look at nodes and all in them."""
        top = Scope(self.tree.root, None)
        self.later(nodes, top)
        while self._waiting:
            look(self, *self._waiting.pop())
        return Bindings(top, self.uses)


def bindings_of(tree: SyntaxTree, *nodes: Node) -> Bindings | None:
    """Return the variables of a function, or of statements; names of what is around them belong to nobody. None for other languages."""
    look = _looks().get(tree.language)
    return Walk(tree).run(nodes, look) if look is not None else None


def outermost_function(node: Node, most_bytes: int = SEEN_BYTES) -> Node | None:
    """Return the function around a node that stands in none that is not too long; None outside of such functions."""
    found, outer = None, node.parent
    while outer is not None:
        if outer.type in FUNCTIONS and outer.end_byte - outer.start_byte <= most_bytes:
            found = outer
        outer = outer.parent
    return found


def is_in_function(node: Node) -> bool:
    """Whether there is a function around a node, however long."""
    return any(outer.type in FUNCTIONS for outer in ancestors(node))


def is_in_class_body(node: Node) -> bool:
    """Whether names that get a value here are attributes of a class of Python."""
    around = next((outer.type for outer in ancestors(node) if outer.type in ("class_definition", "function_definition", "lambda")), "")
    return around == "class_definition"


def names_in(node: Node) -> Iterator[Node]:
    """Yield the names that a target gives values to; not those of what stands in it: indexes, attributes."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        if found.type in ("identifier", "shorthand_property_identifier_pattern"):
            yield found
        elif found.type in ("pair_pattern", "object_assignment_pattern", "assignment_pattern", "required_parameter", "optional_parameter"):
            inner = found.child_by_field_name("value" if found.type == "pair_pattern" else "left") or found.child_by_field_name("pattern")
            waiting += [inner] if inner is not None else []
        elif found.type in _PATTERNS:
            waiting += reversed(found.named_children)


def is_declared_by(declarator: Node, name: Node) -> bool:
    """Whether a name is one that the declarator declares, and not only stands in it: in the value, or in a default."""
    declared = declarator.child_by_field_name("name")
    return declared is not None and any(each == name for each in names_in(declared))


def _looks() -> Mapping[str, Callable[[Walk, Node, Scope], None]]:
    from recoder_lsp.features.actions.bindings_javascript import look_at_javascript
    from recoder_lsp.features.actions.bindings_python import look_at_python

    scripts = dict.fromkeys(("javascript", "javascriptreact", "typescript", "typescriptreact"), look_at_javascript)
    return {"python": look_at_python, **scripts}


FUNCTIONS = types("""
    function_definition function_declaration function_expression generator_function generator_function_declaration arrow_function
    method_definition function_item method_declaration func_literal
""")
_PATTERNS = types("""
    pattern_list tuple_pattern list_pattern list_splat_pattern dictionary_splat_pattern as_pattern_target tuple list
    parenthesized_expression object_pattern array_pattern rest_pattern
""")
