"""The command that answers the last question of a `*.recoder.md` file below it, piece by piece."""

import asyncio
from collections.abc import Sequence
from typing import Any

from recoder_lsp.document import Snapshot
from recoder_lsp.errors import RecoderError
from recoder_lsp.features import chat_buffer
from recoder_lsp.features.chat import Question
from recoder_lsp.features.chat_buffer import ENDING, RECODER, YOU, as_answer
from recoder_lsp.features.chat_context import Subject
from recoder_lsp.features.edits import Change, Edit, smallest
from recoder_lsp.features.import_scan import line_break_of
from recoder_lsp.features.passages import without_images
from recoder_lsp.language import gettext, marked
from recoder_lsp.server.applying import applies_edits, apply_finished
from recoder_lsp.server.arguments import options_of, target_of
from recoder_lsp.server.chat_commands import citation
from recoder_lsp.server.progress import Progress
from recoder_lsp.server.session import Session
from recoder_lsp.server.showing import show

EVERY_S = 1.0
"""So often text is written: each time is a step that can be undone."""
SYNC_S, LOOK_EVERY_S = 2.0, 0.02
"""An editor may tell of a change after it has said that it made it."""
MOST_TRIES, TRY_AGAIN_S = 5, 0.2
LABEL = marked("Recoder's answer")
SHOWN_AS = "answer.md"


async def ask_in_buffer(session: Session, arguments: Sequence[Any], progress: Progress) -> dict[str, Any]:
    """`{textDocument?}` to `{citations, model}`.

    The answer itself is written below the question, with a heading for the next one; where the editor makes no changes, it is shown.
    """
    snapshot = target_of(session, options_of(arguments)).snapshot
    if not chat_buffer.is_buffer(snapshot):
        raise RecoderError(
            gettext("One can ask only in Markdown files that are named so."),
            gettext("Name the file {name}, for example.").format(name=f"notes{ENDING}"),
        )
    buffer = chat_buffer.read(snapshot)
    if not buffer.question:
        raise RecoderError(
            gettext("There is no question."), gettext('Write one below a heading "{heading}" at the end of the file.').format(heading=YOU)
        )
    pieces: list[str] = []
    writing = _Writing(session, snapshot, buffer.question)
    question = Question(Subject(buffer.question), buffer.said, snapshot.uri)
    answering = asyncio.create_task(session.app.chat.answer(question, session.app.settings, session.documents.snapshot, pieces.append))
    try:
        while not answering.done() and applies_edits(session):
            await asyncio.wait([answering], timeout=EVERY_S)
            if not answering.done():
                # Whole lines only: what a line is, is known at its end.
                await writing.go_on("".join(pieces).rpartition("\n")[0])
        answer = await answering
    finally:
        answering.cancel()
    if applies_edits(session):
        await writing.finish(answer.markdown)
    else:
        await show(session, {}, SHOWN_AS, without_images(answer.markdown))
    return {"citations": [citation(passage) for passage in answer.citations], "model": answer.model}


class _Lost(RecoderError):
    """There is no place for the answer any more."""


class _Writing:
    """An answer that is being written into a document, in which the user may go on typing elsewhere."""

    def __init__(self, session: Session, snapshot: Snapshot, question: str) -> None:
        self._session, self._uri, self._question = session, snapshot.uri, question
        self._line_break = line_break_of(snapshot.text)
        self._written: str | None = None
        self._at = 0

    async def go_on(self, markdown: str) -> None:
        """Write what there is of the answer by now, if the editor lets us; what is written already is its beginning."""
        if not markdown.strip():
            return
        try:
            await self._become(markdown)
        except _Lost:
            raise
        except RecoderError:
            """The user types just now: the next time."""

    async def finish(self, markdown: str) -> None:
        """Have this be the answer.

        Raises:
            RecoderError: The editor does not let us, or the answer was changed or removed meanwhile.
        """
        for n_tries in range(1, MOST_TRIES + 1):
            try:
                return await self._become(markdown)
            except _Lost:
                raise
            except RecoderError:
                if n_tries == MOST_TRIES:
                    raise
                await asyncio.sleep(TRY_AGAIN_S)

    async def _become(self, markdown: str) -> None:
        text = self._broken(as_answer(without_images(markdown.strip())))
        if text == self._written:
            return
        snapshot = self._session.documents.snapshot(self._uri)
        if snapshot is None:
            raise _Lost(gettext("The document was closed before the answer was complete."))
        if self._written is None:
            edits, self._at = self._first_edit(snapshot, text)
        else:
            self._at = self._place(snapshot.text, self._written)
            edits = smallest(self._written, text, self._at)
        await apply_finished(self._session, snapshot, Change(edits), gettext(LABEL))
        self._written = text
        await self._synchronised(snapshot)

    def _first_edit(self, snapshot: Snapshot, text: str) -> tuple[tuple[Edit, ...], int]:
        """What writes the beginning of the answer, with the headings around it, and where the answer begins then."""
        buffer = chat_buffer.read(snapshot)
        if buffer.question != self._question:
            raise _Lost(gettext("The question has changed meanwhile, so nothing was written."), gettext("Ask again."))
        before = self._broken(f"\n\n{RECODER}\n\n")
        after = self._broken(f"\n\n{YOU}\n")
        return (Edit(buffer.end, buffer.end, f"{before}{text}{after}"),), buffer.end + len(before)

    def _place(self, text: str, written: str) -> int:
        """Where the answer begins now."""
        heading = self._broken(f"{RECODER}\n\n")
        if text.startswith(written, self._at):
            return self._at
        found = text.rfind(heading + written)
        if found < 0:
            raise _Lost(gettext("The answer was changed before it was complete, so the rest of it is left out."))
        return found + len(heading)

    async def _synchronised(self, before: Snapshot) -> None:
        """Wait until the editor has told of its change."""
        for _ in range(round(SYNC_S / LOOK_EVERY_S)):
            if self._session.documents.snapshot(self._uri) is not before:
                return
            await asyncio.sleep(LOOK_EVERY_S)

    def _broken(self, text: str) -> str:
        return text.replace("\n", self._line_break)
