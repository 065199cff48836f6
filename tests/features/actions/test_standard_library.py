"""The table of standard libraries, compared with the one that runs."""

import importlib
import sys
import tomllib
from importlib.resources import files

import pytest

from recoder_lsp.features.actions.imports.standard_library import Source, has_member, standard_sources

TABLE = tomllib.loads(files("recoder_lsp.features.actions.imports").joinpath("standard_names.toml").read_text("utf-8"))
# Of Python 3.12.
LATER = set() if sys.version_info >= (3, 12) else {"batched", "override"}


@pytest.mark.parametrize(("module", "names"), TABLE["python"].items())
def test_python_has_every_name_of_the_table(module, names):
    imported = importlib.import_module(module)

    def has(name):
        return hasattr(imported, name) or importlib.util.find_spec(f"{module}.{name}") is not None

    assert [name for name in names.split() if name not in LATER and not has(name)] == []


@pytest.mark.parametrize("language", ["python", "rust"])
def test_no_name_stands_twice_under_one_module(language):
    for names in TABLE[language].values():
        assert len(names.split()) == len(set(names.split()))


def test_no_package_of_go_stands_twice():
    packages = TABLE["go"]["packages"].split()

    assert len(packages) == len(set(packages))


@pytest.mark.parametrize(
    ("language", "name", "sources"),
    [
        ("python", "json", [Source("json")]),
        ("python", "defaultdict", [Source("collections", "defaultdict")]),
        ("python", "datetime", [Source("datetime"), Source("datetime", "datetime")]),
        ("python", "_thread", []),
        ("go", "http", [Source("net/http")]),
        ("go", "rand", [Source("math/rand"), Source("crypto/rand")]),
        ("rust", "HashMap", [Source("std::collections", "HashMap")]),
        ("lua", "json", []),
    ],
)
def test_a_name_is_found_where_the_library_has_it(language, name, sources):
    assert standard_sources(language, name) == sources


def test_members_of_modules_are_known():
    assert has_member("datetime", "timedelta")
    assert not has_member("datetime", "now")
