"""Plans a test of what is declared somewhere: into which file it goes, and what makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from recoder_lsp.features.actions.offering import Site
from recoder_lsp.features.declarations.declared import Declaration
from recoder_lsp.features.edits import Change, Edit, FileChange
from recoder_lsp.features.testing import go, javascript, python, rust
from recoder_lsp.features.testing.layout import Tests, new_javascript_path, new_python_path, tests_of
from recoder_lsp.index.process.workspace import Workspace, uri_of
from recoder_lsp.index.search.nearness import is_in_tests

INDEX_WAIT_S = 0.25


@dataclass(frozen=True)
class Plan:
    """A test that can be added."""

    path: str
    """Of the file that it goes into, relative to the folder."""
    uri: str
    before: str | None
    """The file as it is now; None where it is created."""
    samples: str
    """Tests that show how tests are written here; may be empty."""
    is_here: bool
    """Whether it is the file that declares what is tested."""
    write: Callable[[], tuple[Edit, ...]]
    """Makes a test that calls it and fails. Raises Refused."""

    def change_of(self, edits: tuple[Edit, ...]) -> Change:
        """Return edits of the file of the test as a change."""
        return Change(edits) if self.is_here else Change(others=(FileChange(self.uri, edits, self.before),))


async def planned(site: Site, declaration: Declaration, workspace: Workspace) -> Plan | None:
    """Return how a declaration is tested; None in tests, for what no test can call, and where the index does not answer."""
    tree = site.tree
    if not _is_testable(site, declaration):
        return None
    if tree.language == "rust":
        # Tests stand in the same file, whatever the index knows.
        in_this_file = partial(rust.rust_test, tree, declaration, site.indentation)
        return Plan(site.snapshot.path.rpartition("/")[2], site.snapshot.uri, site.text, "", True, in_this_file)
    place = workspace.place_of(site.snapshot.uri)
    root = workspace.shown_root(place[0]) if place is not None else None
    if place is None or root is None or is_in_tests(place[1]):
        return None
    params = {"language": site.language, "name": declaration.owner.lstrip("*") or declaration.name}
    tests = tests_of(place[1], await workspace.ask(site.snapshot.uri, "tests", params, timeout_s=INDEX_WAIT_S))
    found = _written(site, declaration, tests) if tests is not None else None
    if tests is None or found is None:
        return None
    path, write = found
    before = next((file.text for file in tests.files if file.path == path), None)
    return Plan(path, uri_of(root, path), before, tests.samples, False, write)


def _is_testable(site: Site, declaration: Declaration) -> bool:
    match site.tree.language:
        case "python":
            return python.is_testable(declaration)
        case "go":
            return go.is_testable(declaration)
        case "rust":
            return rust.is_testable(site.tree, declaration)
        case language if "script" in language:
            return javascript.is_testable(site.tree, declaration)
    return False


def _written(site: Site, declaration: Declaration, tests: Tests) -> tuple[str, Callable[[], tuple[Edit, ...]]] | None:
    """The path of a test, and what makes it; None where what is tested cannot be seen from outside of its file."""
    tree, own = site.tree, tests.own.path if tests.own else ""
    match tree.language:
        case "python" if tests.module:
            path = own or new_python_path(tests)
            return path, partial(python.python_test, tree, declaration, tests, path)
        case "go":
            path = go.go_path(tests)
            return path, partial(go.go_test, tree, declaration, tests, path)
        case language if "script" in language and tests.exported:
            path = own or new_javascript_path(tests)
            return path, partial(javascript.javascript_test, tree, declaration, tests, path, site.indentation)
    return None
