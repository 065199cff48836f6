"""The inferences that run: a later key whose text goes on from one of them waits for its outcome, instead of starting another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from recoder_lsp.engine.fim import Place
from recoder_lsp.engine.scheduler import Priority, Scheduler, Superseded, Work
from recoder_lsp.features.answers import Answer, same_suffix

# How long an inference goes on that nobody waits for any more: editors cancel a request just before they send the next one.
ADOPTION_S = 0.05


class Inference:
    """One that runs, and who waits for it."""

    def __init__(self, place: Place, task: asyncio.Task[Answer], *, asked_for: bool) -> None:
        """It goes on while somebody waits for its outcome, and ADOPTION_S longer."""
        self.asked_for = asked_for
        """Whether a request waits for it: what is prepared ahead gives way to those."""
        self._place, self._task = place, task
        self._n_waiting = 0
        self._ending: asyncio.TimerHandle | None = None

    async def outcome(self) -> Answer:
        """Return the answer for the place that it was begun for. Cancelling this stops the inference if nobody else waits.

        Raises:
            Superseded: It was stopped.
            RecoderError: The model failed.
        """
        self._n_waiting += 1
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        try:
            await asyncio.wait([self._task])
        finally:
            self._n_waiting -= 1
            if not self._n_waiting and not self._task.done():
                self._ending = asyncio.get_running_loop().call_later(ADOPTION_S, self._task.cancel)
        if self._task.cancelled():
            raise Superseded("The inference was stopped.")
        return self._task.result()

    def stop(self) -> None:
        """End it; those who wait for it get Superseded."""
        self._task.cancel()

    def may_answer(self, place: Place) -> bool:
        """Say whether its outcome may answer a request at this place: the same, or a few characters on in the same line."""
        begun = self._place
        on = place.prefix.startswith(begun.prefix) and "\n" not in place.prefix[len(begun.prefix) :]
        return on and same_suffix(begun.suffix, place.suffix)


class InFlight:
    """The inferences of all documents. Owned by the event loop."""

    def __init__(self, scheduler: Scheduler, on_answer: Callable[[str, Answer, Priority], None]) -> None:
        """Args:
        scheduler: Runs them.
        on_answer: Called with the document's URI for every inference that comes to an end.
        """
        self._scheduler, self._on_answer = scheduler, on_answer
        self._running: dict[tuple[str, str], Inference] = {}

    def begin(self, uri: str, place: Place, work: Work[Answer], *, priority: Priority, kind: str) -> Inference:
        """Begin one. It takes the place of the document's last one of its kind, and of all that was not asked for.

        Args:
            uri: Of the document.
            place: What it is for.
            work: For the engine thread.
            priority: PREFILL is that of what was not asked for.
            kind: Those of different kinds leave each other alone.
        """
        for other in list(self._running.values()):
            if not other.asked_for:
                other.stop()
        task = asyncio.get_running_loop().create_task(self._run(uri, work, priority, f"{uri}#{kind}"), name="inference")
        inference = self._running[uri, kind] = Inference(place, task, asked_for=priority is not Priority.PREFILL)
        task.add_done_callback(lambda _: self._ended((uri, kind), inference, task))
        return inference

    def adopted(self, uri: str, place: Place) -> Inference | None:
        """Return an inference for this document whose outcome may answer a request at this place, for that request to wait for."""
        for (document, _), inference in self._running.items():
            if document == uri and inference.may_answer(place):
                inference.asked_for = True
                return inference
        return None

    def stop(self, uri: str) -> None:
        """Stop the inferences of a document."""
        for (document, _), inference in list(self._running.items()):
            if document == uri:
                inference.stop()

    async def _run(self, uri: str, work: Work[Answer], priority: Priority, key: str) -> Answer:
        answer = await self._scheduler.run(work, priority=priority, key=key)
        self._on_answer(uri, answer, priority)
        return answer

    def _ended(self, key: tuple[str, str], inference: Inference, task: asyncio.Task[Answer]) -> None:
        if self._running.get(key) is inference:
            del self._running[key]
        if not task.cancelled():
            # Whoever waits gets to hear of a failure; where nobody does, asyncio would complain.
            task.exception()
