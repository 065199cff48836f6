"""Where tests that a model writes go: what it is shown of the project's own, and its code as a change."""

from __future__ import annotations

from dataclasses import dataclass

from recoder_lsp.features.actions.offering import Site
from recoder_lsp.features.declarations.finding import declaration_around
from recoder_lsp.features.edits import Change, Refused, applied
from recoder_lsp.features.testing.adding import with_code
from recoder_lsp.features.testing.planning import Plan, planned
from recoder_lsp.index.process.workspace import Workspace
from recoder_lsp.index.syntax.parser import Parser
from recoder_lsp.language import gettext


@dataclass(frozen=True)
class TestsPlace:
    """The file that tests of a declaration go into."""

    name: str
    """What is tested."""
    plan: Plan
    language: str

    @property
    def path(self) -> str:
        return self.plan.path

    @property
    def samples(self) -> str:
        """Tests of the project; may be empty."""
        return "" if self.plan.is_here else self.plan.samples

    def skeleton(self) -> Change:
        """Return the change that adds a test which calls the declaration and fails.

        Raises:
            Refused: The declaration cannot be seen from outside of its file.
        """
        return self.plan.change_of(self.plan.write())

    def shown(self) -> str:
        """Return the file as it would be with that test, for a model to see what is imported and how."""
        return applied(self.plan.before or "", self.plan.write())

    def with_tests(self, parser: Parser, code: str) -> Change:
        """Return the change that adds code to the file: its imports to the imports, the rest at the end.

        Raises:
            Refused: The code cannot be parsed.
        """
        new = parser.tree(code, self.language)
        before = parser.tree(self.plan.before, self.language) if self.plan.before is not None else None
        if new is None or (self.plan.before and before is None):
            raise Refused(gettext("What the model wrote cannot be parsed, so it is not added."))
        return self.plan.change_of(tuple(with_code(new, before)))


async def tests_place(site: Site, workspace: Workspace) -> TestsPlace:
    """Return where tests of the declaration around the caret go.

    Raises:
        Refused: Nothing is declared here that a test can call, or the index does not answer.
    """
    declaration = declaration_around(site.tree, site.start)
    plan = await planned(site, declaration, workspace) if declaration is not None else None
    if declaration is None or plan is None:
        raise Refused(
            gettext("Nothing is declared here that a test could call."),
            gettext("Put the cursor on a function at the top of a file, or on a method, in a folder that is indexed."),
        )
    return TestsPlace(declaration.name, plan, site.tree.language)
