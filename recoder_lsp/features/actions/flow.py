"""How control goes through a function, without its syntax: what a part of it needs from before, and what is needed of it afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from recoder_lsp.features.actions.bindings import Binding

End = Literal["", "return", "raise", "break", "continue"]
NOTHING: frozenset[Binding] = frozenset()


@dataclass(frozen=True, eq=False)
class Step:
    """Something that is evaluated at once: first it reads, then it writes."""

    reads: frozenset[Binding] = NOTHING
    writes: frozenset[Binding] = NOTHING
    perhaps_writes: frozenset[Binding] = NOTHING
    end: End = ""
    """How it leaves what is around it."""


@dataclass(frozen=True, eq=False)
class Choice:
    """One of several ways, each perhaps with nothing on it."""

    ways: Sequence[Sequence[Flow]]
    takes_break: bool = False
    """Whether `break` leaves it, as a switch is left."""


@dataclass(frozen=True, eq=False)
class Loop:
    """The header once more often than the body; `each` begins every round; `otherwise` when it ends by itself."""

    header: Sequence[Flow]
    each: Sequence[Flow]
    body: Sequence[Flow]
    otherwise: Sequence[Flow] = ()


@dataclass(frozen=True, eq=False)
class Attempt:
    """What may fail at any point, and what happens then."""

    body: Sequence[Flow]
    handlers: Sequence[Sequence[Flow]]
    finally_: Sequence[Flow] = ()


@dataclass(frozen=True, eq=False)
class Statement:
    """One statement of a block, in bytes of the text."""

    start: int
    end: int
    parts: Sequence[Flow]


Flow = Step | Choice | Loop | Attempt | Statement


@dataclass(frozen=True)
class _Exits:
    """What is needed where control goes from here other than to what follows."""

    return_: frozenset[Binding] = NOTHING
    raise_: frozenset[Binding] = NOTHING
    break_: frozenset[Binding] = NOTHING
    continue_: frozenset[Binding] = NOTHING


@dataclass
class Needed:
    """Which variables are read later, behind the statement that ends at a byte."""

    end: int
    afterwards: frozenset[Binding] = NOTHING
    """Those whose value is read after it."""
    after_failure: frozenset[Binding] = NOTHING
    """Those whose value is read where it has failed."""

    def look(self, function: Sequence[Flow]) -> None:
        """Find both out in a whole function."""
        self._before(function, NOTHING, _Exits())

    def _before(self, flows: Sequence[Flow], live: frozenset[Binding], exits: _Exits) -> frozenset[Binding]:
        for flow in reversed(flows):
            live = self._before_one(flow, live, exits)
        return live

    def _before_one(self, flow: Flow, live: frozenset[Binding], exits: _Exits) -> frozenset[Binding]:
        match flow:
            case Statement():
                if flow.end == self.end:
                    self.afterwards |= live
                    self.after_failure |= exits.raise_
                return self._before(flow.parts, live, exits)
            case Step():
                after: dict[End, frozenset[Binding]] = {"": live, "return": exits.return_, "raise": exits.raise_}
                after |= {"break": exits.break_, "continue": exits.continue_}
                return flow.reads | (after[flow.end] - flow.writes) | exits.raise_
            case Choice():
                inner = _Exits(exits.return_, exits.raise_, live, exits.continue_) if flow.takes_break else exits
                return frozenset().union(*(self._before(way, live, inner) for way in flow.ways))
            case Attempt():
                finally_ = self._before(flow.finally_, live, exits)
                left = self._before(flow.finally_, exits.return_ | exits.raise_ | exits.break_ | exits.continue_, exits)
                outside = _Exits(left, left, left, left) if flow.finally_ else exits
                handled = frozenset[Binding]().union(*(self._before(way, finally_, outside) for way in flow.handlers))
                within = _Exits(outside.return_, handled | outside.raise_, outside.break_, outside.continue_)
                return self._before(flow.body, finally_, within) | handled
            case Loop():
                return self._before_loop(flow, live, exits)

    def _before_loop(self, flow: Loop, live: frozenset[Binding], exits: _Exits) -> frozenset[Binding]:
        ended = self._before(flow.otherwise, live, exits)
        top = frozenset[Binding]()
        while True:
            inner = _Exits(exits.return_, exits.raise_, live, top)
            round_ = self._before(flow.each, self._before(flow.body, top, inner), inner)
            known = top
            top = top | self._before(flow.header, ended | round_, inner)
            if top == known:
                return top


@dataclass
class Given:
    """Which variables surely have a value, from the beginning of some statements to their end."""

    start: int = -1
    """A byte; what is given where the statement begins that begins here is kept."""
    at_start: frozenset[Binding] | None = None
    missing: set[Binding] = field(default_factory=set)
    """What is read before it surely has a value."""
    leaves: set[End] = field(default_factory=set)
    """How the statements are left other than by their end."""

    def after(self, flows: Sequence[Flow], given: frozenset[Binding]) -> frozenset[Binding] | None:
        """Return what has a value behind the flows; None where their end is never reached."""
        return self._after(flows, given, [], ())

    def _after(
        self, flows: Sequence[Flow], given: frozenset[Binding], breaks: list[frozenset[Binding]], inside: tuple[End, ...]
    ) -> frozenset[Binding] | None:
        now: frozenset[Binding] | None = given
        for flow in flows:
            if now is None:
                # Nobody gets there; what it reads and how it leaves is looked at nevertheless.
                self._after_one(flow, given, breaks, inside)
            else:
                now = self._after_one(flow, now, breaks, inside)
        return now

    def _after_one(
        self, flow: Flow, given: frozenset[Binding], breaks: list[frozenset[Binding]], inside: tuple[End, ...]
    ) -> frozenset[Binding] | None:
        match flow:
            case Statement():
                if flow.start == self.start:
                    self.at_start = given if self.at_start is None else self.at_start & given
                return self._after(flow.parts, given, breaks, inside)
            case Step():
                self.missing |= flow.reads - given
                if not flow.end:
                    return given | flow.writes
                if flow.end not in inside:
                    self.leaves.add(flow.end)
                if flow.end == "break":
                    breaks.append(given)
                return None
            case Choice():
                left: list[frozenset[Binding]] = []
                within: tuple[End, ...] = (*inside, "break") if flow.takes_break else inside
                found = [self._after(way, given, left if flow.takes_break else breaks, within) for way in flow.ways]
                return _on_all([*found, *left])
            case Attempt():
                tried = self._after(flow.body, given, breaks, inside)
                found = [tried, *(self._after(way, given, breaks, inside) for way in flow.handlers)]
                ended = _on_all(found)
                last = self._after(flow.finally_, given, breaks, inside)
                return None if ended is None or last is None else ended | last
            case Loop():
                ended = self._after(flow.header, given, breaks, inside)
                if ended is not None:
                    begun = self._after(flow.each, ended, [], inside)
                    self._after(flow.body, begun or ended, [], (*inside, "break", "continue"))
                    self._after(flow.otherwise, ended, breaks, inside)
                return ended


def _on_all(ways: Sequence[frozenset[Binding] | None]) -> frozenset[Binding] | None:
    """What is given on all ways that go on."""
    going = [way for way in ways if way is not None]
    return frozenset.intersection(*going) if going else None
