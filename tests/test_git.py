"""What Git says about files, from real repositories."""

import asyncio
import os
import shutil
import subprocess
import time

import pytest

from recoder_lsp import git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")

TEXT = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"
LONG_AGO = "2001-02-03T04:05:06Z"


class Repository:
    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.run("init", "--quiet")
        self.run("config", "user.name", "Ada de Lovelace")
        self.run("config", "user.email", "ada@example.test")

    def run(self, *arguments, date="2020-01-02T03:04:05Z"):
        dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        subprocess.run(["git", *arguments], cwd=self.folder, env={**os.environ, **dates}, check=True, capture_output=True)

    def write(self, name, text):
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        return file

    def commit(self, message, **options):
        self.run("add", "--all")
        self.run("commit", "--quiet", "--message", message, **options)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("HOME", str(tmp_path))
    return Repository(tmp_path / "work")


async def test_lines_have_the_newest_change_of_all_of_them(repository):
    file = repository.write("a.py", TEXT)
    repository.commit("First thing\n\nwith more to say", date=LONG_AGO)
    repository.write("a.py", TEXT.replace("return 2", "return 3"))
    repository.commit("Second thing")

    one, two, both = [await git.last_change(file, *lines) for lines in ((0, 1), (4, 5), (0, 5))]

    assert (one.summary, one.author_initials, one.is_committed) == ("First thing", "ADL", True)
    assert one.changed_at_s == 981173106
    assert one.age_s == pytest.approx(time.time() - 981173106, abs=60)
    assert two.summary == both.summary == "Second thing"


async def test_what_is_not_committed_says_so(repository):
    file = repository.write("a.py", TEXT)
    repository.commit("First thing")
    repository.write("a.py", TEXT.replace("return 2", "return 3"))

    assert (await git.last_change(file, 0, 1)).is_committed
    changed = await git.last_change(file, 4, 5)
    assert (changed.is_committed, changed.summary, changed.author_initials) == (False, "", "")
    assert changed.age_s < 60


async def test_the_text_in_the_editor_counts_where_it_is_given(repository):
    file = repository.write("a.py", TEXT)
    repository.commit("First thing")

    above = "import os\n\n\n" + TEXT
    assert (await git.last_change(file, 3, 4, above)).summary == "First thing"
    assert not (await git.last_change(file, 0, 0, above)).is_committed


async def test_where_nothing_is_known_nothing_is_said(repository, tmp_path):
    untracked = repository.write("new.py", TEXT)
    elsewhere = tmp_path / "loose.py"
    elsewhere.write_text(TEXT)

    assert await git.last_change(untracked, 0, 1) is None
    assert await git.last_change(elsewhere, 0, 1) is None
    assert await git.last_change(tmp_path / "gone" / "a.py", 0, 1) is None
    assert await git.diff(tmp_path, staged=False) == ""
    assert await git.root_of(elsewhere) is None


async def test_lines_that_a_file_does_not_have_are_no_error(repository):
    file = repository.write("a.py", TEXT)
    repository.commit("First thing")

    assert await git.last_change(file, 100, 120) is None


async def test_the_root_is_that_of_the_work_tree(repository):
    file = repository.write("deep/er/a.py", TEXT)

    assert await git.root_of(file) == repository.folder
    assert await git.root_of(file.parent) == repository.folder


async def test_what_is_staged_and_what_is_not_are_two_patches(repository):
    repository.write("a.py", TEXT)
    repository.write("b.py", TEXT)
    repository.commit("First thing")
    repository.write("a.py", TEXT.replace("return 1", "return 10"))
    repository.run("add", "a.py")
    repository.write("b.py", TEXT.replace("return 2", "return 20"))
    repository.write("untracked.py", "secret")

    staged, unstaged = await git.diff(repository.folder, staged=True), await git.diff(repository.folder, staged=False)

    assert staged.startswith("diff --git a/a.py b/a.py\n")
    assert "\n-    return 1\n+    return 10\n" in staged
    assert "b.py" not in staged
    assert "\n+    return 20\n" in unstaged
    assert "untracked" not in staged + unstaged


async def test_names_in_patches_are_as_they_are(repository):
    repository.write("größe.py", TEXT)
    repository.commit("First thing")
    repository.write("größe.py", TEXT + "more = 1\n")

    assert "+++ b/größe.py\n" in await git.diff(repository.folder, staged=False)


async def test_a_large_patch_ends_with_a_whole_line(repository, monkeypatch):
    monkeypatch.setattr(git, "MOST_BYTES", 1000)
    repository.write("a.py", "a = 1\n")
    repository.commit("First thing")
    repository.write("a.py", "".join(f"line = {number}\n" for number in range(10_000)))

    patch = await git.diff(repository.folder, staged=False)

    assert 900 < len(patch) <= 1000
    assert patch.endswith("\n")


async def test_no_program_that_a_folder_names_is_run(repository, tmp_path):
    trap = tmp_path / "trap"
    program = repository.write("trap.sh", f"#!/bin/sh\ntouch {trap}\ncat\n")
    program.chmod(0o755)
    file = repository.write("a.py", TEXT)
    repository.commit("First thing")
    repository.write(".gitattributes", "*.py filter=evil diff=evil\n")
    for name in (
        "filter.evil.clean",
        "filter.evil.smudge",
        "diff.evil.command",
        "diff.evil.textconv",
        "diff.external",
        "core.fsmonitor",
        "core.pager",
    ):
        repository.run("config", name, str(program))
    repository.write("a.py", TEXT + "\n\nmore = 1\n")
    trap.unlink(missing_ok=True)

    patch = await git.diff(repository.folder, staged=False)
    change = await git.last_change(file, 0, 1)

    assert "+more = 1" in patch
    assert change.summary == "First thing"
    assert not trap.exists()


async def test_the_environment_of_another_repository_does_not_count(repository, tmp_path, monkeypatch):
    other = Repository(tmp_path / "other")
    file = repository.write("a.py", TEXT)
    repository.commit("First thing")
    monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "no-index"))

    assert (await git.last_change(file, 0, 1)).summary == "First thing"


async def test_odd_names_are_only_names(repository):
    for name in ("-rf.py", ":(glob)*.py", "ä b\n.py"):
        repository.write(name, TEXT)
    repository.commit("First thing")

    for name in ("-rf.py", ":(glob)*.py", "ä b\n.py"):
        assert (await git.last_change(repository.folder / name, 0, 1)).summary == "First thing"


async def test_what_takes_too_long_is_given_up(repository, monkeypatch, tmp_path):
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(git, "TIMEOUT_S", 0.1)
    file = repository.folder / "a.py"
    file.write_text(TEXT)

    async with asyncio.timeout(20):
        assert await git.last_change(file, 0, 1) is None


async def test_without_git_nothing_is_known(repository, monkeypatch):
    file = repository.write("a.py", TEXT)
    monkeypatch.setenv("PATH", "/nowhere")

    assert await git.last_change(file, 0, 1) is None
    assert await git.diff(repository.folder, staged=True) == ""
    assert await git.root_of(file) is None
