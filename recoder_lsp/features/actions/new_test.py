"""Offers a test of what is declared at the caret: where tests of this file are, in their framework, and failing until it is finished."""

from __future__ import annotations

from collections.abc import Sequence

from recoder_lsp.features.actions.offering import Offer, Site
from recoder_lsp.features.declarations.finding import declaration_at
from recoder_lsp.features.testing.planning import planned
from recoder_lsp.index.process.workspace import Workspace
from recoder_lsp.language import gettext

KIND = "refactor.rewrite.test"


async def offers(site: Site, workspace: Workspace) -> Sequence[Offer]:
    """Return the offer to add a test of what is declared at the caret; none in tests, and none for what tests cannot call."""
    declaration = declaration_at(site.tree, site.start)
    plan = await planned(site, declaration, workspace) if declaration is not None else None
    if declaration is None or plan is None:
        return []
    title = gettext("Add a test of `{name}` to {path}")
    if plan.is_here:
        title = gettext("Add a test of `{name}`")
    elif plan.before is None:
        title = gettext("Add a test of `{name}` to the new file {path}")
    title = title.format(name=declaration.name, path=plan.path)
    return [Offer("test.skeleton", title, KIND, lambda: plan.change_of(plan.write()))]
