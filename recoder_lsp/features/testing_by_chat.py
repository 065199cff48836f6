"""Has the chat model write tests of a declaration, and puts them where the tests of this project are."""

from __future__ import annotations

import re

from recoder_lsp.features.actions.offering import Site
from recoder_lsp.features.code_actions import finished
from recoder_lsp.features.documenting import code_of
from recoder_lsp.features.edits import Change, Refused
from recoder_lsp.features.markdown import fenced
from recoder_lsp.features.model_answers import ROOM_TO_SPARE, Answered, Asking
from recoder_lsp.features.model_edits import require_readable
from recoder_lsp.features.replies import code_of as code_of_reply
from recoder_lsp.features.replies import require_complete
from recoder_lsp.features.router import Served
from recoder_lsp.features.syntax_thread import SyntaxThread
from recoder_lsp.features.testing_by_model import TestsPlace
from recoder_lsp.language import gettext


async def tested_by_chat(site: Site, place: TestsPlace, served: Served, asking: Asking, syntax: SyntaxThread) -> Answered[Change]:
    """Return the change that adds tests of the declaration at a site.

    Raises:
        Refused: A model must not read it, or what it writes are no tests of it.
    """
    code = code_of(site)
    require_readable(site.snapshot, code)
    prompt = await asking.prompts.load("tests")
    fields = {
        "language": site.language,
        "code": fenced(code, site.language),
        "path": place.path,
        "skeleton": fenced(place.shown(), site.language),
        "samples": place.samples and fenced(place.samples, site.language),
    }
    turns = prompt.turns(fields)
    n_tokens = sum(await asking.lengths([turn.content for turn in turns])) + served.max_tokens + ROOM_TO_SPARE
    if n_tokens > await asking.room():
        turns = prompt.turns({**fields, "samples": ""})

    async def use(reply: str) -> Change:
        tests = code_of_reply(reply)
        require_complete(tests, "")
        if not re.search(rf"\b{re.escape(place.name)}\b", tests):
            raise Refused(gettext("The model wrote tests in which {name} does not occur.").format(name=place.name))
        return await syntax.run(lambda parser: finished(parser, site.snapshot, place.with_tests(parser, tests)))

    return await asking.until_usable(turns, served, use, max_tokens=served.max_tokens, key=f"tests {site.snapshot.uri}")
