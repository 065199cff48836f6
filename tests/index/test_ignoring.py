"""What is ignored, compared with git itself."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from recoder_lsp.index.files.ignoring import IgnoreFile
from recoder_lsp.index.files.scanner import Reason, Scanner, ScanRules, is_ignore_file

needs_git = pytest.mark.skipif(
    shutil.which("git") is None, reason="LOUD: git is missing, so nothing compares our ignore rules with its own"
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without settings of their own."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    return home


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    return root


def write(root: Path, path: str, text: str = "") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def found(root: Path, rules: ScanRules | None = None) -> list[str]:
    return [found.path for found in Scanner(root, rules or ScanRules()).files()]


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


def left_by_git(root: Path) -> set[str]:
    return set(filter(None, git(root, "ls-files", "--others", "--cached", "--exclude-standard", "-z").split("\0")))


NASTY = {
    ".gitignore": r"""
# a comment
\#hash
\!bang
!never-ignored-at-all
trailing
escaped{backslash_space}
*.log
!important.log
/anchored
folder-only/
a/b
deep/**/x
**/any
inside/**
!inside/kept.txt
[a-c]?.dat1
[!x]y.set
[]-]odd
[[:digit:]]d.posix
white/*
!white/list/
star*mid*end
back\*slash
bad[range
under/**/
end\\
*.nest
!/anchored/never
only.txt/
  leading
""".replace("{backslash_space}", "\\ "),
    "sub/.gitignore": "!*.log\n/anchored2\nimportant.log\n!*.nest\n",
    "sub/deeper/.gitignore": "*\n!*/\n!*.keep\n",
    "folder-only/.gitignore": "!*\n",
    "crlf/.gitignore": "one\r\n*.two\r\n",
    "bom/.gitignore": "\ufeffbom-ignored\n",
    "none/.gitignore": "",
}
# \s is a space.
NASTY_PATHS = """
#hash !bang never-ignored-at-all trailing escaped\\s escaped x.log important.log sub/x.log sub/important.log sub/deeper/x.log
anchored/f sub/anchored sub/anchored2/g sub/more/anchored2 folder-only/f sub/folder-only/f folder-only2/f other/folder-only
a/b/c a/bc sub/a/b deep/x deep/1/x deep/1/2/x deep/y x/deep/x any sub/any/f sub/s/any inside/kept.txt inside/f inside/s/f
ab.dat1 db.dat1 xy.set ay.set s/y.set ]odd -odd 1d.posix zd.posix white/f white/list/f white/list/s/f white/other/f
starmidend star1mid2end star/mid/end back*slash backXslash bad[range badr under/f under/s/f under/s/t/f end\\ end
x.nest sub/x.nest sub/deeper/x.nest sub/deeper/a.keep sub/deeper/s/a.keep sub/deeper/s/f sub/deeper/s/t/b.keep
only.txt sub/only.txt/f \\s\\sleading leading crlf/one crlf/a.two crlf/f bom/bom-ignored bom/f none/f plain.py sub/plain.py
"""


@needs_git
def test_a_nasty_tree_is_seen_as_git_sees_it(root: Path) -> None:
    git(root, "init", "-q")
    write(root, ".git/info/exclude", "excluded-here\n!sub/kept-here\n")
    for path, text in NASTY.items():
        write(root, path, text)
    for path in (*NASTY_PATHS.split(), "excluded-here", "sub/excluded-here", "sub/kept-here"):
        write(root, path.replace("\\s", " "))

    assert set(found(root)) == left_by_git(root)


@needs_git
def test_verdicts_on_single_paths_are_those_of_the_scan(root: Path) -> None:
    git(root, "init", "-q")
    for path, text in NASTY.items():
        write(root, path, text)
    for path in NASTY_PATHS.split():
        write(root, path.replace("\\s", " "))
    scanner = Scanner(root, ScanRules())

    everything = [(root / folder / name).relative_to(root).as_posix() for folder, _, names in os.walk(root) for name in names]

    assert {path for path in everything if scanner.refusal(path) is None} == set(found(root))


@needs_git
@pytest.mark.parametrize("seed", range(12))
def test_random_patterns_are_taken_as_git_takes_them(root: Path, seed: int) -> None:
    chance = random.Random(seed)
    git(root, "init", "-q")
    names = ["a", "b", "ab", "a.b", "b.c", "aa", "a b", "-", "]"]
    paths = {"/".join(chance.choices(names, k=chance.randint(1, 4))) for _ in range(150)}
    for path in sorted(paths, key=len, reverse=True):
        # A name that is a folder already cannot be a file as well.
        if not (root / path).exists():
            write(root, path)
    for folder in ("", "a", "b", "a/b", "ab"):
        if (root / folder).is_dir():
            write(root, f"{folder}/.gitignore".lstrip("/"), "".join(random_pattern(chance) + "\n" for _ in range(chance.randint(1, 6))))

    assert set(found(root)) == left_by_git(root)


def random_pattern(chance: random.Random) -> str:
    parts = [
        "a",
        "b",
        "*",
        "?",
        "**",
        "a*",
        "*b",
        "*a*",
        "[ab]",
        "[!a]",
        "[^b]*",
        "ab",
        "a.b",
        "\\a",
        "a\\",
        "[]]",
        "a ",
        "a**b",
        "a\\ ",
    ]
    body = "/".join(chance.choices(parts, k=chance.choice((1, 1, 2, 3)))) if chance.random() < 0.95 else "[a-"
    return chance.choice(("", "", "!")) + chance.choice(("", "", "/")) + body + chance.choice(("", "", "/"))


@needs_git
def test_the_users_own_excludes_count(root: Path, home: Path) -> None:
    git(root, "init", "-q")
    write(home, ".config/git/ignore", "by-default\n")
    for name in ("by-default", "by-setting", "plain"):
        write(root, name)
    assert set(found(root)) == left_by_git(root) == {"by-setting", "plain"}

    write(home, ".gitconfig", '[user]\n\texcludesfile = no\n[Core] # here\n\tExcludesFile = "~/my excludes" ; mine\n')
    write(home, "my excludes", "by-setting\n")

    assert set(found(root)) == left_by_git(root) == {"by-default", "plain"}


@needs_git
def test_a_work_tree_has_the_excludes_of_its_repository(root: Path, tmp_path: Path) -> None:
    git(root, "init", "-q")
    git(root, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "--allow-empty", "-m", "x")
    git(root, "worktree", "add", "-q", str(tmp_path / "tree"))
    write(root, ".git/info/exclude", "excluded\n")
    for name in ("excluded", "plain"):
        write(tmp_path / "tree", name)

    assert set(found(tmp_path / "tree")) == left_by_git(tmp_path / "tree") == {"plain"}


def test_ignore_files_above_the_root_count_up_to_the_repository(root: Path) -> None:
    write(root, ".gitignore", "too-high\n")
    (root / "repository" / ".git").mkdir(parents=True)
    write(root, "repository/.gitignore", "*.log\n/packages/one/here\n/packages/one\n")
    write(root, "repository/packages/.gitignore", "!kept.log\n")
    for name in ("too-high", "x.log", "kept.log", "here", "sub/here", "plain"):
        write(root, f"repository/packages/one/{name}")

    assert found(root / "repository/packages/one") == ["kept.log", "plain", "too-high", "sub/here"]


def test_a_repository_within_has_rules_of_its_own(root: Path) -> None:
    (root / ".git").mkdir()
    (root / "within" / ".git" / "info").mkdir(parents=True)
    write(root, ".gitignore", "*.log\n")
    write(root, "within/.git/info/exclude", "*.tmp\n")
    for path in ("a.log", "within/a.log", "within/a.tmp"):
        write(root, path)

    assert found(root) == [".gitignore", "within/a.log"]


def test_recoderignore_has_the_last_word_but_not_inside_an_ignored_folder(root: Path) -> None:
    write(root, ".gitignore", "*.sql\nout/\n")
    write(root, "sub/.gitignore", "!a.md\n")
    write(root, ".recoderignore", "!wanted.sql\n*.md\n!out/x.sql\n")
    for path in ("wanted.sql", "other.sql", "a.md", "sub/a.md", "out/x.sql"):
        write(root, path)

    assert found(root) == [".gitignore", ".recoderignore", "wanted.sql", "sub/.gitignore"]


def test_a_changed_ignore_file_is_read_again_when_told(root: Path) -> None:
    write(root, "sub/a.log")
    scanner = Scanner(root, ScanRules())
    assert scanner.refusal("sub/a.log") is None

    write(root, "sub/.gitignore", "*.log\n")
    scanner.forget_ignore_files()

    assert scanner.refusal("sub/a.log") is Reason.IGNORED


def test_a_hostile_pattern_does_not_stall(root: Path) -> None:
    hostile = IgnoreFile(["*a" * 40 + "b", "/".join(["**", "a"] * 40) + "/b"])

    assert hostile.verdict("a" * 250, "a" * 250) is None
    assert hostile.verdict("a/" * 100 + "c", "c") is None
    assert hostile.verdict("a" * 250 + "b", "a" * 250 + "b") is True


def test_an_ignore_file_may_be_a_folder_a_link_or_not_utf8(root: Path) -> None:
    (root / "folder" / ".gitignore").mkdir(parents=True)
    write(root, "folder/a")
    write(root, "rules", "b\n")
    (root / "linked").mkdir()
    (root / "linked" / ".gitignore").symlink_to(root / "rules")
    write(root, "linked/b")
    (root / "bytes").mkdir()
    (root / "bytes" / ".gitignore").write_bytes(b"\xff\xfe\nc\n")
    write(root, "bytes/c")
    os.mkfifo(root / "linked" / ".recoderignore")

    assert found(root) == ["rules", "bytes/.gitignore", "folder/a", "linked/b"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [(".gitignore", True), ("a/b/.recoderignore", True), (".git/info/exclude", True), ("a/.gitignore.py", False), ("exclude", False)],
)
def test_which_files_change_what_is_ignored(path: str, expected: bool) -> None:
    assert is_ignore_file(path) is expected
