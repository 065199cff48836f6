"""Code actions at a place of a text, for the tests of imports: the caret is `▮`, a diagnostic is about what stands in `⟦…⟧`."""

import re

from recoder_lsp.document import Snapshot
from recoder_lsp.features.actions.offering import Diagnostic, Site
from recoder_lsp.features.edits import applied, require_sound
from recoder_lsp.index.syntax.parser import Parser

PARSER = Parser(for_outlines=False)
NAMES = {"python": "a.py", "typescript": "a.ts", "typescriptreact": "a.tsx", "javascript": "a.js", "go": "a.go", "rust": "a.rs"}


def site_of(language, marked, *, says="", path=None, folder="/work"):
    """The site that a marked text shows; what is marked as complained about gets this message."""
    plain = re.sub("[▮⟦⟧]", "", marked)
    places = [len(re.sub("[▮⟦⟧]", "", marked[: mark.start()])) for mark in re.finditer("[▮⟦⟧]", marked)]
    marks = re.findall("[▮⟦⟧]", marked)
    starts = [place for place, mark in zip(places, marks, strict=True) if mark == "⟦"]
    ends = [place for place, mark in zip(places, marks, strict=True) if mark == "⟧"]
    diagnostics = tuple(Diagnostic(start, end, says) for start, end in zip(starts, ends, strict=True))
    caret = next((place for place, mark in zip(places, marks, strict=True) if mark == "▮"), starts[0] if starts else 0)
    snapshot = Snapshot(f"file://{folder}/{path or NAMES[language]}", language, plain, 1)
    tree = PARSER.tree(plain, language)
    assert tree is not None
    return Site(snapshot, caret, caret, tree, diagnostics)


def done(site, offer):
    """The text once the offer is taken, which parses as well as before."""
    change = offer.change()
    require_sound(PARSER, site.language, site.text, change.edits)
    return applied(site.text, change.edits)
