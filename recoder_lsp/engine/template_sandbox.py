"""Runs the chat template that a model file brings along, which comes from strangers: a Jinja sandbox with a bound to its work."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

from jinja2 import TemplateError, Undefined
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

# Far beyond what a template needs for hundreds of turns, and done in a fraction of a second.
MOST_STEPS = 200_000
LONGEST_RANGE = 1000
LONGEST_TEMPLATE = 200_000
MARKS_OF_TRAINING = re.compile(r"(\{%-?\s*)(end)?generation(\s*-?%\})")


class TemplateFailed(Exception):
    """The template cannot be used, or refuses these messages."""


class SandboxedTemplate:
    """A compiled chat template. It reaches nothing but the messages; at worst it uses up memory, as its model could."""

    def __init__(self, source: str) -> None:
        """Compile it.

        Raises:
            TemplateFailed: It is no template.
        """
        if len(source) > LONGEST_TEMPLATE:
            raise TemplateFailed("it is too long")
        # Hugging Face marks with these what is trained on; Jinja does not know them.
        source = MARKS_OF_TRAINING.sub(lambda match: f"{match[1]}{'endif' if match[2] else 'if true'}{match[3]}", source)
        self._environment = _Sandbox()
        try:
            self._template = self._environment.from_string(source)
        except _FAILURES as error:
            raise TemplateFailed(str(error)) from error

    def render(self, messages: Sequence[Mapping[str, str]], *, bos_token: str, eos_token: str) -> str:
        """Return the text of a prompt for what the assistant says next.

        Raises:
            TemplateFailed: It refuses these messages, or does what it may not.
        """
        self._environment.n_steps = 0
        try:
            return self._template.render(
                messages=messages,
                add_generation_prompt=True,
                bos_token=bos_token,
                eos_token=eos_token,
                # Models that can do without thinking aloud are asked to: nobody wants to wait for it here.
                enable_thinking=False,
                tools=None,
                documents=None,
            )
        except _FAILURES as error:
            raise TemplateFailed(str(error)) from error


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
        self.n_steps = 0
        for name in ("cycler", "joiner", "lipsum"):
            del self.globals[name]
        self.globals.update(range=_range, raise_exception=_refuse, strftime_now=lambda layout: datetime.now().strftime(layout))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or not isinstance(left, int | float) or not isinstance(right, int | float):
            raise SecurityError(f"{operator} is for small numbers only")
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any | Undefined:
        self._step()
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any | Undefined:
        self._step()
        return super().getitem(obj, argument)

    def call(self, context: Any, called: Any, /, *arguments: Any, **named: Any) -> Any:
        self._step()
        return super().call(context, called, *arguments, **named)

    def _step(self) -> None:
        self.n_steps += 1
        if self.n_steps > MOST_STEPS:
            raise SecurityError("it does not come to an end")


def _range(*bounds: int) -> range:
    if len(numbers := range(*bounds)) > LONGEST_RANGE:
        raise SecurityError("it counts too far")
    return numbers


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)


# What the code of a template can run into.
_FAILURES = (TemplateError, ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError)
