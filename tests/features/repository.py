"""Git repositories of tests."""

import subprocess
from pathlib import Path


def commit(root: Path) -> None:
    """Make a repository, with everything committed."""
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "all")


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)
