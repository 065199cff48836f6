"""What a commit message says of a patch, by listing and by what a model makes of it; the patches are Git's own."""

import subprocess

import pytest

from recoder_lsp import git
from recoder_lsp.features.commit_message import changed_files, message_of, summary_of
from recoder_lsp.features.edits import Refused

SHAPES = '''"""Shapes."""


class Circle:
    def area(self):
        return 3 * self.radius**2

    def name(self):
        return "circle"


def largest(shapes):
    return max(shapes, key=lambda shape: shape.area())
'''


@pytest.fixture
def repository(tmp_path):
    """A folder under Git, with one file committed."""
    ask_git(tmp_path, "init", "-q")
    (tmp_path / "src").mkdir()
    (tmp_path / "src/shapes.py").write_text(SHAPES)
    (tmp_path / "notes.txt").write_text("one\ntwo\n")
    commit(tmp_path)
    return tmp_path


def ask_git(folder, *arguments):
    identity = ["-c", "user.name=A", "-c", "user.email=a@b"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder):
    ask_git(folder, "add", "-A")
    ask_git(folder, "commit", "-qm", "x")


async def staged(folder):
    ask_git(folder, "add", "-A")
    return await git.diff(folder, staged=True)


async def test_functions_with_changes_in_them_are_named(repository):
    (repository / "src/shapes.py").write_text(SHAPES.replace("3 *", "3.14 *").replace("max(", "min("))

    message = summary_of(changed_files(await staged(repository)))

    assert message == "Change area and largest in shapes.py\n\n- src/shapes.py: area, largest (+2 -2)"


async def test_new_removed_and_renamed_files_are_told_apart(repository):
    (repository / "src/new.py").write_text("def f():\n    return 1\n")
    (repository / "notes.txt").unlink()
    (repository / "src/shapes.py").rename(repository / "src/forms.py")

    files = changed_files(await staged(repository))

    assert {file.path: file.status for file in files} == {
        "src/new.py": "new",
        "notes.txt": "removed",
        "src/forms.py": "renamed from src/shapes.py",
    }


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        (lambda folder: (folder / "a.py").write_text("x = 1\n"), "Add a.py"),
        (lambda folder: (folder / "notes.txt").unlink(), "Remove notes.txt"),
        (lambda folder: (folder / "notes.txt").rename(folder / "ideas.txt"), "Rename notes.txt to ideas.txt"),
        (lambda folder: (folder / "notes.txt").write_text("one\n"), "Change notes.txt"),
        (lambda folder: [(folder / f"a{i}.txt").write_text("x\n") for i in range(40)], "Add 40 files"),
    ],
    ids=["new", "removed", "renamed", "changed", "many"],
)
async def test_the_subject_says_what_happened(repository, change, subject):
    change(repository)

    assert summary_of(changed_files(await staged(repository))).split("\n")[0] == subject


async def test_a_subject_is_never_longer_than_git_shows(repository):
    for i in range(4):
        (repository / f"{'long' * 8}_{i}.py").write_text("x = 1\n")

    assert summary_of(changed_files(await staged(repository))).split("\n")[0] == "Add 4 files"


async def test_of_very_many_files_the_first_are_listed(repository):
    for i in range(40):
        (repository / f"a{i:02}.txt").write_text("x\n")

    message = summary_of(changed_files(await staged(repository))).split("\n")

    assert len(message) == 33
    assert message[-1] == "- and 10 more files"


async def test_a_name_with_strange_letters_is_a_name(repository):
    (repository / "über maß.txt").write_text("x\n")

    (file,) = changed_files(await staged(repository))

    assert (file.status, file.n_added) == ("new", 1)


async def test_lines_that_look_like_headers_are_lines(repository):
    (repository / "notes.txt").write_text("one\n++ b/other.txt\nnew file mode\ntwo\n")

    (file,) = changed_files(await staged(repository))

    assert (file.path, file.status, file.n_added, file.n_removed) == ("notes.txt", "", 2, 0)


async def test_the_subjects_of_earlier_commits_are_known_the_newest_first(repository):
    (repository / "notes.txt").write_text("one\n")
    ask_git(repository, "commit", "-aqm", "fix: notes\n\nThere were two.")

    assert await git.subjects(repository, 5) == ("fix: notes", "x")
    assert await git.subjects(repository, 1) == ("fix: notes",)
    assert await git.subjects(repository.parent, 5) == ()


def test_nothing_changed_has_no_message():
    assert summary_of("") == ""


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("Fix the area of circles", "Fix the area of circles"),
        ('"Fix the area"\n', "Fix the area"),
        ("Fix the area\nIt was too small.\n", "Fix the area\n\nIt was too small."),
        ("```\nFix the area\n\nIt was too small.   \n```", "Fix the area\n\nIt was too small."),
        ("Here you are:\n```text\nFix the area\n```\nAnything else?", "Fix the area"),
        ("**Commit message:**\nFix the area", "Fix the area"),
        ("<think>Hm. What?</think>\nFix the area", "Fix the area"),
    ],
)
def test_the_message_is_taken_out_of_an_answer(reply, message):
    assert message_of(reply) == message


@pytest.mark.parametrize("reply", ["", "  \n", "<think>What is a circle", "word " * 40])
def test_an_answer_without_a_subject_is_refused(reply):
    with pytest.raises(Refused):
        message_of(reply)
