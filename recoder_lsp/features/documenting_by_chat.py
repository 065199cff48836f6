"""Has the chat model document a declaration: its sentences are put where the language wants them, and the code stays as it is."""

from __future__ import annotations

import re
import textwrap

from recoder_lsp.features.actions.offering import Site
from recoder_lsp.features.code_actions import finished
from recoder_lsp.features.documenting import code_of, with_documentation
from recoder_lsp.features.edits import Change, Refused
from recoder_lsp.features.markdown import fenced
from recoder_lsp.features.model_answers import Answered, Asking
from recoder_lsp.features.model_edits import require_readable
from recoder_lsp.features.replies import blocks_of, prose_of
from recoder_lsp.features.router import Served
from recoder_lsp.features.syntax_thread import SyntaxThread
from recoder_lsp.language import gettext

LONGEST, WIDTH = 2_000, 88
"""Of a documentation, in characters; and of its lines, the indentation not counted."""

_LABEL = re.compile(r"\A(?:\*\*)?(?:the )?(?:documentation|docstring|doc comment)(?:\*\*)?:(?:\*\*)?\s*", re.IGNORECASE)
# A line of code that is long enough not to be an ordinary word.
_TELLING = 12


async def documented_by_chat(site: Site, served: Served, asking: Asking, syntax: SyntaxThread) -> Answered[Change]:
    """Return the change that documents the declaration at a site, in place of the documentation that there may be.

    Raises:
        Refused: Nothing is declared here, a model must not read it, or what it says is no documentation.
    """
    code = code_of(site)
    require_readable(site.snapshot, code)
    prompt = await asking.prompts.load("docs")
    turns = prompt.turns({"code": fenced(code, site.language), "language": site.language})

    async def use(reply: str) -> Change:
        change = with_documentation(site, sentences_of(reply, code))
        return await syntax.run(lambda parser: finished(parser, site.snapshot, change))

    return await asking.until_usable(turns, served, use, max_tokens=served.max_tokens, key=f"document {site.snapshot.uri}")


def sentences_of(reply: str, code: str) -> str:
    """Return what a reply says, without marks of strings, comments and Markdown around it, in lines that are not too long.

    Raises:
        Refused: It says nothing, far too much, or repeats the code.
    """
    blocks = blocks_of(reply)
    text = blocks[0].code if len(blocks) == 1 else prose_of(reply)
    text = _LABEL.sub("", _without_marks(text)).strip()
    if not text:
        raise Refused(gettext("The model wrote no documentation."))
    if len(text) > LONGEST:
        raise Refused(gettext("The model wrote more than anybody would read."))
    known = {line.strip() for line in code.split("\n") if len(line.strip()) >= _TELLING}
    if any(line.strip() in known for line in text.split("\n")):
        raise Refused(gettext("The model repeated the code where sentences about it were asked for."))
    return "\n".join(_wrapped(line) for line in text.split("\n"))


def _without_marks(text: str) -> str:
    """A docstring or a comment as plain text."""
    text = re.sub(r"\A[rRuU]?(\"{3}|'{3}|\")(.*)\1\Z", r"\2", text.strip(), flags=re.DOTALL)
    if re.match(r"/\*|//|#", text):
        text = re.sub(r"\A/\*[*!]?|\s*\*/\Z", "", text)
        text = re.sub(r"^[ \t]*(?://[/!]?|#+|\*(?!\*))[ \t]?", "", text, flags=re.MULTILINE)
    return textwrap.dedent(text)


def _wrapped(line: str) -> str:
    """A line, broken where it is too long; what follows is indented like its beginning."""
    indentation = line[: len(line) - len(line.lstrip())]
    return "\n".join(textwrap.wrap(line, WIDTH, subsequent_indent=indentation, break_long_words=False, break_on_hyphens=False))
