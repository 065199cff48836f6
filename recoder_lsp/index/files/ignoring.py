"""What git ignores in a folder, and what a .recoderignore adds to that; decided from the files alone, without running git.

Git's own rules: the last pattern that matches decides, a deeper file before a higher one, then `.git/info/exclude`, then the
global excludes; what lies in an ignored folder cannot be brought back. A `.recoderignore` is written the same way and is asked
first, so that it can take back what git ignores, folder by folder. One difference to git: a file that git tracks although a
pattern ignores it counts as ignored here, since the list of tracked files is git's own.
"""

from __future__ import annotations

import os
import re
import stat
import warnings
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pathspec.patterns.gitignore import GitIgnorePatternError
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

GIT_FILE = ".gitignore"
OUR_FILE = ".recoderignore"
# Far more than anyone writes by hand.
MAX_IGNORE_FILE_BYTES = 1_000_000
# A pattern with more of `**` could take minutes on a deep path; none that anyone wrote has three.
MAX_DEPTH_WILDCARDS = 4


def is_ignore_file(path: str) -> bool:
    """Whether a change of this file changes what is ignored."""
    return path.rpartition("/")[2] in (GIT_FILE, OUR_FILE) or f"/{path}".endswith(("/.git/info/exclude", "/.git/config"))


class IgnoreFile:
    """The patterns of one ignore file."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._patterns = tuple(pattern for line in lines if (pattern := _compiled(line)) is not None)[::-1]
        # One expression for all: most files match nothing, and learn it from a single call each.
        self._any_name = _union(pattern for pattern in self._patterns if pattern.by_name)
        self._any_path = _union(pattern for pattern in self._patterns if not pattern.by_name)

    def verdict(self, path: str, name: str) -> bool | None:
        """Whether the last pattern that matches ignores (True) or brings back (False); None where none matches.

        Args:
            path: relative to the folder of this file; a folder's ends with "/".
            name: the last part of it, "/" included.
        """
        by_name = self._any_name is not None and self._any_name.fullmatch(name) is not None
        by_path = self._any_path is not None and self._any_path.fullmatch(path) is not None
        if not (by_name or by_path):
            return None
        return next(pattern.ignores for pattern in self._patterns if pattern.expression.fullmatch(name if pattern.by_name else path))


@dataclass(frozen=True, slots=True)
class _Placed:
    """An ignore file and where it stands: `prefix + path[cut:]` is a path of the workspace as that file sees it."""

    file: IgnoreFile
    cut: int
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """What holds for the direct children of one folder. The first file that has an opinion decides."""

    root: str
    ours: tuple[_Placed, ...]
    git: tuple[_Placed, ...]

    @classmethod
    def above(cls, root: Path) -> IgnoreRules:
        """The rules that come from outside of the root: global excludes, and a repository that begins further up."""
        top = next((folder for folder in (root, *root.parents) if os.path.lexists(folder / ".git")), root)
        ours: tuple[_Placed, ...] = ()
        git = _of_repository(top, 0, "" if top == root else root.relative_to(top).as_posix() + "/")
        # From the top of the repository downwards, without the root itself: that is read when it is entered.
        for folder in reversed([parent for parent in root.parents if parent == top or top in parent.parents]):
            prefix = root.relative_to(folder).as_posix() + "/"
            ours = (*_placed(folder / OUR_FILE, 0, prefix), *ours)
            git = (*_placed(folder / GIT_FILE, 0, prefix), *git)
        return cls(str(root), ours, git)

    def inside(self, folder: str, names: Container[str] | None = None) -> IgnoreRules:
        """The rules for the children of a folder that these rules do not ignore.

        Args:
            folder: relative to the root, "" for the root itself.
            names: what is in it, where the caller knows: saves looking for ignore files that are not there.
        """
        here = Path(self.root, folder)
        cut = len(folder) + 1 if folder else 0
        git = self.git
        # A repository of its own: git does not apply the outer one's rules in it.
        if folder and (os.path.lexists(here / ".git") if names is None else ".git" in names):
            git = _of_repository(here, cut, "")
        new_git = _placed(here / GIT_FILE, cut, "") if names is None or GIT_FILE in names else ()
        new_ours = _placed(here / OUR_FILE, cut, "") if names is None or OUR_FILE in names else ()
        if git is self.git and not new_git and not new_ours:
            return self
        return IgnoreRules(self.root, (*new_ours, *self.ours), (*new_git, *git))

    def ignores(self, path: str) -> bool:
        """Whether a child of the folder is ignored; a folder's path ends with "/"."""
        name = path[path.rfind("/", 0, -1) + 1 :]
        for placed in (*self.ours, *self.git):
            verdict = placed.file.verdict(placed.prefix + path[placed.cut :], name)
            if verdict is not None:
                return verdict
        return False


@dataclass(frozen=True, slots=True)
class _Pattern:
    expression: re.Pattern[str]
    ignores: bool
    by_name: bool
    """Looks at the last part of a path only, as a pattern without a slash in it does."""


# How the library writes `**/` at the start of a pattern, and `*`.
_ANY_DEPTH = "^(?:.+/)?"
_STAR = "[^/]*"
_CHARACTER_CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": " \t\r\n\v\f",
    "blank": " \t",
    "xdigit": "0-9A-Fa-f",
    "punct": "!-.:-@^-`{-~",
}


def _compiled(line: str) -> _Pattern | None:
    """One line of an ignore file; None for a comment, and for what git takes for invalid, which never matches."""
    # A backslash before a slash says nothing, except at the end, where it is invalid.
    line = re.sub(r"(?<!\\)((?:\\\\)*)\\/(?=.)", r"\1/", _without_trailing_spaces(line))
    if line.count("**") > MAX_DEPTH_WILDCARDS:
        return None
    if re.search(r"\[[!^]?\[:", line):
        line = re.sub(r"\[:(\w+):\]", lambda found: _CHARACTER_CLASSES.get(found[1], ""), line)
    only_inside = line.endswith("/**/")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            pattern = GitIgnoreSpecPattern(line[:-1] if only_inside else line)
    except (GitIgnorePatternError, re.error):
        return None
    if pattern.regex is None:
        return None
    text = str(pattern.regex.pattern)
    # The library's expressions find everything below a match too. Here every level of a path is asked about on its own, so an
    # expression has to match that level itself, whole.
    # Those of patterns that name nothing: `*` or `**`, `**/*/**`, and `*/`.
    text = {".": ".+", "/": ".+/.+"}.get(text, text) if text[0] != "(" else ".+/"
    if pattern.regex.groups == 0 and text[0] == "^":
        text += ".+"
    if only_inside:
        text += "/"
    text = _without_backtracking(re.sub(r"\(\?P<\w+>/\)", "/", text))
    # [!a] does not match a slash.
    text = text.replace("[^]", r"[^/\]").replace("[^", "[^/")
    by_name = "/" not in line.removeprefix("!").removesuffix("/")
    if by_name:
        text = text.removeprefix(_ANY_DEPTH)
    return _Pattern(re.compile(text, re.DOTALL), bool(pattern.include), by_name)


def _without_backtracking(text: str) -> str:
    """The same expression, but `*a*a*a*b` takes no longer than it should on a long name of a's: an ignore file may be hostile.

    What stands between two stars is matched as early as it can be, and left there: a later place could not help the rest.
    """
    while _STAR * 2 in text:
        text = text.replace(_STAR * 2, _STAR)
    return re.sub(r"\[\^/\]\*((?:\[\^/\](?!\*)|[^/])+)(?=\[\^/\]\*)", r"(?>[^/]*?\1)", text)


def _without_trailing_spaces(line: str) -> str:
    """A space at the end counts only behind a backslash."""
    bare = line.rstrip(" ")
    n_backslashes = len(bare) - len(bare.rstrip("\\"))
    return bare + " " if n_backslashes % 2 and len(bare) < len(line) else bare


def _union(patterns: Iterable[_Pattern]) -> re.Pattern[str] | None:
    texts = dict.fromkeys(pattern.expression.pattern for pattern in patterns)
    return re.compile("|".join(f"(?:{text})" for text in texts), re.DOTALL) if texts else None


def _of_repository(top: Path, cut: int, prefix: str) -> tuple[_Placed, ...]:
    """What applies in all of a repository: its own excludes, then the user's."""
    git_folder = _git_folder(top)
    settings = _settings_files()
    own: tuple[_Placed, ...] = ()
    if git_folder is not None:
        own = _placed(git_folder / "info" / "exclude", cut, prefix, follow_link=True)
        settings.append(git_folder / "config")
    excludes = [file for each in settings for file in _excludes_files(each)]
    chosen = excludes[-1] if excludes else str(_settings_folder() / "ignore")
    return (*own, *_placed(top / Path(chosen).expanduser(), cut, prefix, follow_link=True)) if chosen else own


def _git_folder(top: Path) -> Path | None:
    """Where a repository keeps what all its work trees share; `.git` may be a file that says where."""
    git = top / ".git"
    if git.is_dir():
        return git
    pointer = _lines(git)
    if not pointer or not pointer[0].startswith("gitdir:"):
        return None
    folder = top / pointer[0].removeprefix("gitdir:").strip()
    common = _lines(folder / "commondir")
    return folder / common[0].strip() if common else folder


def _settings_folder() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()) / "git"


def _settings_files() -> list[Path]:
    """Git's settings files of this machine and user; a later one wins."""
    only = os.environ.get("GIT_CONFIG_GLOBAL")
    users = [Path(only)] if only else [_settings_folder() / "config", Path("~/.gitconfig").expanduser()]
    return [*([] if os.environ.get("GIT_CONFIG_NOSYSTEM") else [Path("/etc/gitconfig")]), *users]


def _excludes_files(settings: Path) -> Iterator[str]:
    """The values of core.excludesFile in one settings file. Files that it includes are not looked into."""
    in_core = False
    for line in _lines(settings, follow_link=True):
        section = re.match(r"\s*\[([^\]]*)\]", line)
        if section:
            in_core = section[1].strip().lower() == "core"
            line = line[section.end() :]
        value = re.match(r"(?i)\s*excludesfile\s*=\s*(?:\"([^\"]*)\"|([^#;\"]*))", line)
        if in_core and value:
            yield value[1] or (value[2] or "").strip()


def _placed(file: Path, cut: int, prefix: str, *, follow_link: bool = False) -> tuple[_Placed, ...]:
    lines = _lines(file, follow_link=follow_link)
    return (_Placed(IgnoreFile(lines), cut, prefix),) if lines else ()


def _lines(file: Path, *, follow_link: bool = False) -> list[str]:
    """The lines of a file, none where it cannot be read. Inside of a tree, git follows no link to an ignore file either."""
    try:
        # Not blocking: where a file is expected, a named pipe may stand.
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow_link else os.O_NOFOLLOW))
        with open(handle, "rb") as stream:
            data = stream.read(MAX_IGNORE_FILE_BYTES) if stat.S_ISREG(os.fstat(handle).st_mode) else b""
    except OSError:
        return []
    # As the names of files are decoded, so that what is not UTF-8 still matches.
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    return [line.removesuffix("\r") for line in text.split("\n") if line not in ("", "\r")]
