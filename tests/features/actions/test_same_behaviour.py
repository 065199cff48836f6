"""Refactored anywhere, programs do what they did: every expression, name and run of statements, carried out before and after."""

import shutil

import pytest

from recoder_lsp.features.actions import extract_function, extract_variable, f_string, inline_variable, rename
from tests.features.actions.programs import JAVASCRIPT, PYTHON
from tests.features.actions.refactoring import PARSER
from tests.features.actions.running import node_says, outcomes, python_says

REFACTORINGS = (extract_variable, extract_function, inline_variable, f_string, rename)


@pytest.mark.parametrize("title", PYTHON)
@pytest.mark.parametrize("module", REFACTORINGS, ids=lambda module: module.__name__.rpartition(".")[2])
def test_python_programs_say_the_same(module, title):
    program = PYTHON[title]
    said = python_says(program)

    for selected, after in outcomes(PARSER, program, "python", module.offers):
        if after is not None:
            assert python_says(after) == said, f"{selected!r} made {after}"


@pytest.mark.skipif(shutil.which("node") is None, reason="there is nothing here that runs JavaScript")
@pytest.mark.parametrize("title", JAVASCRIPT)
@pytest.mark.parametrize(
    "module", [each for each in REFACTORINGS if each is not f_string], ids=lambda module: module.__name__.rpartition(".")[2]
)
def test_javascript_programs_say_the_same(module, title, tmp_path):
    program = JAVASCRIPT[title]
    done = [(selected, after) for selected, after in outcomes(PARSER, program, "javascript", module.offers) if after is not None]

    said, *all_said = node_says(tmp_path, [program, *(after for _, after in done)])

    for (selected, after), now in zip(done, all_said, strict=True):
        assert now == said, f"{selected!r} made {after}"


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_most_of_what_is_selected_can_be_extracted(language):
    """A refactoring that refused everything would pass the tests above."""
    programs = PYTHON if language == "python" else JAVASCRIPT
    for module in (extract_variable, extract_function):
        found = [after for program in programs.values() for _, after in outcomes(PARSER, program, language, module.offers)]

        assert sum(after is not None for after in found) > len(found) * 0.6
