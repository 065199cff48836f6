"""Says which packages are one project: the same code under other names, or the parts of one repository."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

# Debian's names for what npm, crates.io, Go and Maven call otherwise.
DEBIAN_NAME = re.compile(r"^(?:rust-|node-|lib|golang-(?:github|gopkg|golang|google)-(?:[^-]+-)?)|-java$")
VERSION_SUFFIX = re.compile(r"(?:-v?|\.v)\d+(\.\d.*)?$")


def projects(packages: Iterable[str], repositories: Mapping[str, str]) -> list[list[str]]:
    """Group packages that share a repository or a name; each group and the list of them are sorted.

    Two projects that happen to have one name become one group.

    Args:
        packages: As REGISTRY:NAME.
        repositories: OWNER/NAME of those that declare one.
    """
    parents: dict[str, str] = {}

    def root(key: str) -> str:
        while parents.setdefault(key, key) != key:
            key = parents[key]
        return key

    listed = sorted(set(packages))
    for package in listed:
        parents[root(f"name {_name(package)}")] = root(package)
        if repositories.get(package):
            parents[root(f"home {repositories[package].lower()}")] = root(package)
    groups: dict[str, list[str]] = {}
    for package in listed:
        groups.setdefault(root(package), []).append(package)
    return sorted(groups.values())


def _name(package: str) -> str:
    """Return what a package is called in any registry. A scope and a folder that is not vendored belong to the name."""
    name = package.lower().partition(":")[2]
    own = name.rpartition("/")[2] if "/vendor/" in name else name
    return DEBIAN_NAME.sub("", VERSION_SUFFIX.sub("", own)).replace("_", "-")
