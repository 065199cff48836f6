"""One project under several names, in several registries, is known as one."""

import pytest

from recoder_lsp.training.corpus import projects


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("npm:webpack", "debian:node-webpack"),
        ("debian:golang-golang-x-text", "debian:kubernetes/vendor/golang.org/x/text"),
        ("debian:rustc/vendor/getrandom", "debian:rustc/vendor/getrandom-0.1.14"),
        ("debian:rust-lock-api", "debian:rustc/vendor/lock_api"),
        ("debian:golang-gopkg-yaml", "debian:kubernetes/vendor/gopkg.in/yaml.v2"),
        ("pypi:Numbers", "npm:numbers"),
    ],
)
def test_the_same_name_is_the_same_project(one, other):
    assert len(projects([one, other], {})) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("npm:@a/core", "npm:@b/core"), ("debian:rustc/src/parser", "debian:llvm/src/parser"), ("npm:webpack", "npm:webpack-cli")],
)
def test_another_name_is_another_project(one, other):
    assert len(projects([one, other], {})) == 2


def test_packages_of_one_repository_are_one_project_with_those_of_their_names():
    homes = {"npm:@a/one": "Some/Home", "npm:two": "some/home", "npm:other": "other/home", "npm:lost": ""}

    groups = projects([*homes, "debian:node-two", "npm:nowhere"], homes)

    assert groups == [["debian:node-two", "npm:@a/one", "npm:two"], ["npm:lost"], ["npm:nowhere"], ["npm:other"]]
