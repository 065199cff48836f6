"""The flow of control of functions in Python, JavaScript and TypeScript, read off their syntax."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recoder_lsp.features.actions.bindings import Binding, Bindings, Scope
from recoder_lsp.features.actions.evaluation import is_sure
from recoder_lsp.features.actions.evaluations import Evaluation
from recoder_lsp.features.actions.flow import Attempt, Choice, End, Flow, Loop, Statement, Step
from recoder_lsp.index.syntax.tree import Node, SyntaxTree

_ENDS: dict[str, End] = {"return_statement": "return", "raise_statement": "raise", "throw_statement": "raise"}
_ENDS |= {"break_statement": "break", "continue_statement": "continue"}
# Of contextlib, pytest and unittest, and what people call their own.
_SWALLOWS = re.compile(r"\b(?:suppress|raises|assertRaises\w*|ExitStack|ignor\w*|swallow\w*)\b")


class Lowering:
    """Turns statements into flows; only uses of the function itself count, not those of functions in it."""

    def __init__(self, tree: SyntaxTree, bindings: Bindings, function: Scope, evaluation: Evaluation) -> None:
        self._tree, self._bindings, self._function, self._evaluation = tree, bindings, function, evaluation

    @property
    def body(self) -> Node | None:
        """The function's; None for statements of a module."""
        return self._function.node.child_by_field_name("body") if self._function.outer is not None else None

    def whole(self, roots: Sequence[Node]) -> list[Flow]:
        """Return what the function does, or the statements of a module."""
        return self.block(self.body) if self.body is not None else [self.statement(root) for root in roots]

    def block(self, node: Node | None) -> list[Flow]:
        """Return what a block does, or a statement that stands in place of one."""
        if node is None:
            return []
        if node.type not in ("block", "statement_block", "module", "program"):
            return [self.statement(node)]
        return [self.statement(child) for child in node.named_children if not child.is_extra]

    def statement(self, node: Node) -> Statement:
        """Return what one statement does."""
        return Statement(node.start_byte, node.end_byte, self._parts(node))

    def _parts(self, node: Node) -> Sequence[Flow]:
        field = node.child_by_field_name
        match node.type:
            case "if_statement":
                return [self._step(field("condition")), Choice([self.block(field("consequence")), *self._otherwise(node)])]
            case "for_statement" if field("left") is not None:
                loop = Loop([], [self._step(field("left"))], self.block(field("body")), self._else_of(node))
                return [self._step(field("right")), loop]
            case "for_statement":
                body = [*self.block(field("body")), self._step(field("increment"))]
                return [self._step(field("initializer")), Loop([self._step(*node.children_by_field_name("condition"))], [], body)]
            case "for_in_statement":
                return [self._step(field("right")), Loop([], [self._step(field("left"))], self.block(field("body")))]
            case "while_statement":
                return [Loop([self._step(field("condition"))], [], self.block(field("body")), self._else_of(node))]
            case "do_statement":
                body = [*self.block(field("body")), self._step(field("condition"))]
                return [Choice([[*body, Loop([], [], body)]], takes_break=True)]
            case "with_statement":
                clause = next((child for child in node.named_children if child.type == "with_clause"), None)
                body = self.block(field("body"))
                return [self._step(clause), *([Attempt(body, [[]])] if self._swallows(clause) else body)]
            case "try_statement":
                return [self._attempt(node)]
            case "match_statement":
                return [self._step(field("subject")), self._match(node)]
            case "switch_statement":
                return [self._step(field("value")), self._switch(node)]
            case "labeled_statement":
                return self.block(field("body"))
            case "statement_block" | "block":
                return self.block(node)
            case _:
                # A labelled jump may leave more than one loop: to be on the safe side it leaves all.
                labelled = node.type in ("break_statement", "continue_statement") and field("label") is not None
                return [self._step(node, end="return" if labelled else _ENDS.get(node.type, ""))]

    def _otherwise(self, node: Node) -> list[list[Flow]]:
        """The ways of an `if` behind its first: one for each `elif`, and the last, perhaps with nothing on it."""
        ways: list[list[Flow]] = []
        before: list[Flow] = []
        for clause in node.children_by_field_name("alternative"):
            if clause.type == "elif_clause":
                before = [*before, self._step(clause.child_by_field_name("condition"))]
                ways.append([*before, *self.block(clause.child_by_field_name("consequence"))])
            else:
                body = clause.child_by_field_name("body") or next(iter(clause.named_children), None)
                return [*ways, [*before, *self.block(body)]]
        return [*ways, before]

    def _else_of(self, node: Node) -> list[Flow]:
        clause = node.child_by_field_name("alternative")
        return self.block(clause.child_by_field_name("body")) if clause is not None else []

    def _swallows(self, clause: Node | None) -> bool:
        """Whether what a `with` guards goes on behind it, for all that one can tell by the name."""
        return clause is not None and _SWALLOWS.search(self._tree.text_of(clause)) is not None

    def _attempt(self, node: Node) -> Attempt:
        field = node.child_by_field_name
        body, handlers, last = self.block(field("body")), list[list[Flow]](), list[Flow]()
        for clause in node.named_children:
            block = clause.child_by_field_name("body") or next((each for each in clause.named_children if each.type == "block"), None)
            if clause.type in ("except_clause", "except_group_clause"):
                handlers.append([self._step(clause.child_by_field_name("value")), *self.block(block)])
            elif clause.type == "catch_clause":
                handlers.append([self._step(clause.child_by_field_name("parameter")), *self.block(block)])
            elif clause.type == "else_clause":
                body += self.block(block)
            elif clause.type == "finally_clause":
                last = self.block(block)
        return Attempt(body, handlers, last)

    def _match(self, node: Node) -> Choice:
        body = node.child_by_field_name("body")
        cases = [child for child in body.named_children if child.type == "case_clause"] if body is not None else []
        ways = [[self._step(*_head_of(case)), *self.block(case.child_by_field_name("consequence"))] for case in cases]
        return Choice(ways if cases and _takes_everything(cases[-1]) else [*ways, []])

    def _switch(self, node: Node) -> Choice:
        body = node.child_by_field_name("body")
        cases = list(body.named_children) if body is not None else []
        bodies = [[self.statement(child) for child in case.children_by_field_name("body") if child.is_named] for case in cases]
        heads = [self._step(case.child_by_field_name("value")) for case in cases]
        # From where it is entered it goes on through all that follows.
        ways: list[list[Flow]] = [[*heads, *(flow for later in bodies[i:] for flow in later)] for i in range(len(cases))]
        has_default = any(case.type == "switch_default" for case in cases)
        return Choice(ways if has_default else [*ways, list(heads)], takes_break=True)

    def _step(self, *nodes: Node | None, end: End = "") -> Step:
        reads, writes, perhaps = set[Binding](), set[Binding](), set[Binding]()
        for node in (each for each in nodes if each is not None):
            for use in self._bindings.within(node.start_byte, node.end_byte):
                binding = self._bindings.of_use(use)
                if binding is None or use.scope.function is not self._function or _is_own(binding, node, self._function):
                    continue
                if use.reads:
                    reads.add(binding)
                if use.writes:
                    (writes if is_sure(use.node, node, self._evaluation) and use.how != "declaration" else perhaps).add(binding)
        return Step(frozenset(reads), frozenset(writes), frozenset(perhaps - writes), end)


def _is_own(binding: Binding, node: Node, function: Scope) -> bool:
    """Whether a variable is known in a part of the node only, as that of a comprehension is."""
    around = binding.scope.node
    return binding.scope is not function and node.start_byte <= around.start_byte and around.end_byte <= node.end_byte


def _head_of(case: Node) -> list[Node]:
    body = case.child_by_field_name("consequence")
    return [child for child in case.named_children if child != body]


def _takes_everything(case: Node) -> bool:
    """Whether it is `case _:`."""
    patterns = [child for child in case.named_children if child.type == "case_pattern"]
    is_blank = len(patterns) == 1 and not patterns[0].named_children and patterns[0].end_byte - patterns[0].start_byte == 1
    return is_blank and case.child_by_field_name("guard") is None
