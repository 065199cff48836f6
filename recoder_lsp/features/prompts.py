"""Prompts as Markdown files: ours beside this file, and the user's own, of the same names, which take their place."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from recoder_lsp.engine.chat import Turn
from recoder_lsp.errors import RecoderError
from recoder_lsp.language import gettext, number
from recoder_lsp.redaction import redact

FOLDER = "prompts"
LARGEST_BYTES = 64 * 1024

_FIELD = re.compile(r"\{\{(\w+)\}\}")
_PART = re.compile(r"^# (System|User)[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@dataclass(frozen=True)
class Prompt:
    """What a model is told, with `{{fields}}` in it."""

    name: str
    system: str
    """What it is, and how it answers."""
    user: str
    """What it is asked."""

    def turns(self, fields: Mapping[str, str], *, earlier: Sequence[Turn] = ()) -> tuple[Turn, ...]:
        """Fill in the fields, without the secrets in them. A paragraph whose fields are all empty is left out.

        Args:
            fields: What there is to fill in, by name. A prompt need not use all of it.
            earlier: What was said before the question, already without secrets.

        Raises:
            RecoderError: The prompt has a field that does not exist: it is somebody's own.
        """
        clean = {name: redact(value) for name, value in fields.items()}
        system, user = self._filled(self.system, clean), self._filled(self.user, clean)
        return (*([Turn("system", system)] if system else []), *earlier, Turn("user", user))

    def _filled(self, part: str, fields: Mapping[str, str]) -> str:
        unknown = sorted({name for name in _FIELD.findall(part) if name not in fields})
        if unknown:
            known = ", ".join(f"{{{{{name}}}}}" for name in sorted(fields))
            message = gettext("The prompt {name}.md has a field {field}, which does not exist.")
            raise RecoderError(
                message.format(name=self.name, field=f"{{{{{unknown[0]}}}}}"), gettext("It may have {fields}.").format(fields=known)
            )
        paragraphs = [paragraph for paragraph in re.split(r"\n{2,}", part) if not _is_empty(paragraph, fields)]
        # One pass, so that what is filled in is never taken for a field.
        return "\n\n".join(_FIELD.sub(lambda field: fields[field[1]], paragraph) for paragraph in paragraphs)


class Prompts:
    """All prompts by their names. Reads them each time, so that a change counts at once; owned by the event loop."""

    def __init__(self, home: Path) -> None:
        """Args: `home` is the folder of Recoder's own data, with the user's prompts in `prompts/`."""
        self._folder = home / FOLDER

    async def load(self, name: str) -> Prompt:
        """Return a prompt: the user's, where there is one of this name.

        Raises:
            RecoderError: The user's cannot be read, or says nothing to the model.
        """
        return await asyncio.to_thread(self._load, name)

    def _load(self, name: str) -> Prompt:
        own = self._folder / f"{name}.md"
        if not own.is_file():
            return _parsed(name, (Path(__file__).parent / FOLDER / f"{name}.md").read_text(encoding="utf-8"))
        hint = gettext("Mend or remove {file}; without it the prompt that comes with Recoder is used.").format(file=own)
        try:
            with own.open("rb") as file:
                text = file.read(LARGEST_BYTES + 1)
            if len(text) > LARGEST_BYTES:
                too_large = gettext("Your prompt {name}.md is larger than {n} KiB.")
                raise RecoderError(too_large.format(name=name, n=number(LARGEST_BYTES // 1024)), hint)
            prompt = _parsed(name, text.decode("utf-8-sig"))
        except (OSError, UnicodeDecodeError) as error:
            raise RecoderError(gettext("Your prompt {name}.md cannot be read.").format(name=name), hint) from error
        if not prompt.user:
            raise RecoderError(gettext('Your prompt {name}.md has no text under the heading "# User".').format(name=name), hint)
        return prompt


def _parsed(name: str, text: str) -> Prompt:
    """Take a file apart at its headings `# System` and `# User`; what stands before them, and comments, are for people."""
    pieces = _PART.split(_COMMENT.sub("", text.replace("\r\n", "\n")))
    parts = {heading.lower(): piece.strip() for heading, piece in zip(pieces[1::2], pieces[2::2], strict=True)}
    return Prompt(name, parts.get("system", ""), parts.get("user", ""))


def _is_empty(paragraph: str, fields: Mapping[str, str]) -> bool:
    names = _FIELD.findall(paragraph)
    return bool(names) and not any(fields[name].strip() for name in names)
