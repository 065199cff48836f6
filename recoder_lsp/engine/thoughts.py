"""Leaves out what some models think aloud before they answer, between `<think>` and `</think>`."""

from __future__ import annotations

from typing import Literal

OPENING, CLOSING = "<think>", "</think>"


class Thoughts:
    """Filters one text as it comes."""

    def __init__(self, *, begun: bool = False) -> None:
        """Begin; `begun` is whether the prompt itself ends with `<think>`."""
        self._phase: Literal["beginning", "thinking", "thought", "answer"] = "thinking" if begun else "beginning"
        self._held = ""

    def without(self, text: str) -> str:
        """Take in more text, and return what of it belongs to the answer. What may be the beginning of a thought is held back."""
        self._held += text
        if self._phase == "beginning":
            start = self._held.lstrip()
            if len(start) < len(OPENING) and OPENING.startswith(start):
                return ""
            self._phase = "thinking" if start.startswith(OPENING) else "answer"
        if self._phase == "thinking":
            _, closing, rest = self._held.partition(CLOSING)
            if not closing:
                self._held = self._held[-len(CLOSING) :]
                return ""
            self._phase, self._held = "thought", rest
        if self._phase == "thought":
            self._held = self._held.lstrip()
            if not self._held:
                return ""
            self._phase = "answer"
        answer, self._held = self._held, ""
        return answer

    def rest(self) -> str:
        """Return what was held back and turned out to be no thought, at the end."""
        return self._held if self._phase == "beginning" else ""
