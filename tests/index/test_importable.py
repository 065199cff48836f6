"""What the index says of importing a name: who defines it, and how other files of the workspace import it."""

import pytest

from recoder_lsp.index.search.modules import rust_module_of
from recoder_lsp.index.syntax.parser import Parser
from tests.index.small_workspace import SmallWorkspace

FILES = {
    "pkg/__init__.py": "",
    "pkg/shapes.py": "class Circle: ...\n\nclass Box:\n    class Lid: ...\n    def Round(self): ...\n",
    "pkg/one.py": """import numpy as np
from collections import (
    defaultdict,
)
from pkg.shapes import Circle
from . import local
""",
    "pkg/two.py": "import numpy as np\nfrom pkg.shapes import Circle as Round\n",
    "pkg/three.py": "import numpy.random as np\n",
    "tests/test_shapes.py": "class Circle: ...\n",
    "web/shapes.ts": "export class Circle {}\nclass Hidden {}\n",
    "web/a.tsx": "import React, { useState } from 'react';\nimport {\n  Box as Crate,\n} from '@ui/box';\nimport * as d3 from 'd3';\n",
    "web/b.js": "const { readFile } = require('fs');\nimport { Near } from './near';\n",
    "a.go": 'package a\n\nimport (\n\t"net/http"\n\tyaml "gopkg.in/yaml.v3"\n)\n',
    "b.go": 'package a\n\nimport "gopkg.in/yaml.v3"\n',
    "src/lib.rs": "use std::collections::HashMap;\nuse serde::{de::Visitor, Serialize as Ser};\n",
}


@pytest.fixture(scope="module")
def parser():
    return Parser()


@pytest.fixture
def workspace(tmp_path, parser):
    return SmallWorkspace(tmp_path, FILES, parser)


def asked(workspace, name, *, path="new.py", language="python", spelled=()):
    return workspace.answer("importable", {"path": path, "language": language, "name": name, "spelled": list(spelled)})


def imports(workspace, name, **options):
    """(module, name, alias, exported, in how many files) of each."""
    found = asked(workspace, name, **options)["imports"]
    return [(each["module"], each["name"], each["alias"], each["exported"], each["n_files"]) for each in found]


def test_definitions_come_with_the_module_that_has_them_and_those_of_tests_last(workspace):
    found = asked(workspace, "Circle")["definitions"]

    assert [(each["location"]["path"], each["module"]) for each in found] == [
        ("pkg/shapes.py", "pkg.shapes"),
        ("tests/test_shapes.py", "tests.test_shapes"),
    ]


def test_modules_of_the_name_are_told_by_their_dotted_names(workspace):
    workspace.index("pkg/sub/__init__.py", "")
    workspace.index("other/resub.py", "")

    assert [asked(workspace, name)["modules"] for name in ("shapes", "sub", "pkg", "three_")] == [["pkg.shapes"], ["pkg.sub"], ["pkg"], []]
    assert asked(workspace, "shapes", path="web/new.ts", language="typescript")["modules"] == []


def test_what_is_inside_of_something_else_cannot_be_imported(workspace):
    assert [asked(workspace, name)["definitions"] for name in ("Lid", "Round")] == [[], []]


def test_javascript_says_how_it_is_exported(workspace):
    found = [asked(workspace, name, path="web/new.ts", language="typescript")["definitions"] for name in ("Circle", "Hidden")]

    assert [[each["exported"] for each in definitions] for definitions in found] == [["named"], [""]]


def test_what_other_files_import_comes_with_how_many_do_it(workspace):
    assert imports(workspace, "np") == [("numpy", "numpy", "np", "namespace", 2), ("numpy.random", "random", "np", "namespace", 1)]
    assert imports(workspace, "defaultdict") == [("collections", "defaultdict", "", "named", 1)]


def test_a_relative_import_counts_in_its_own_folder_alone(workspace):
    assert imports(workspace, "local") == []
    assert imports(workspace, "local", path="pkg/new.py") == [(".", "local", "", "named", 1)]


def test_what_others_call_otherwise_counts_for_its_name_and_for_theirs(workspace):
    assert imports(workspace, "Circle") == [("pkg.shapes", "Circle", "", "named", 2)]
    assert imports(workspace, "Round") == [("pkg.shapes", "Circle", "Round", "named", 1)]


def test_a_module_is_not_confused_with_what_has_its_name_in_it(workspace):
    workspace.index("pkg/four.py", "import pprint\n")
    workspace.index("pkg/five.py", "from pprint import pprint\n")

    assert imports(workspace, "pprint") == [("pprint", "pprint", "", "namespace", 1), ("pprint", "pprint", "", "named", 1)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("React", [("react", "React", "", "default", 1)]),
        ("useState", [("react", "useState", "", "named", 1)]),
        ("Crate", [("@ui/box", "Box", "Crate", "named", 1)]),
        ("d3", [("d3", "*", "d3", "namespace", 1)]),
        ("readFile", [("fs", "readFile", "", "named", 1)]),
        ("Near", [("./near", "Near", "", "named", 1)]),
    ],
)
def test_javascript_says_how_others_import_it(workspace, name, expected):
    assert imports(workspace, name, path="web/new.ts", language="typescript") == expected


def test_other_spellings_are_looked_for_too(workspace):
    found = imports(workspace, "yaml", path="new.go", language="go", spelled=["yaml.v3"])

    assert sorted(found) == [("gopkg.in/yaml.v3", "yaml.v3", "", "", 1), ("gopkg.in/yaml.v3", "yaml.v3", "yaml", "", 1)]


def test_names_in_trees_of_rust_are_found(workspace):
    assert imports(workspace, "Visitor", path="src/new.rs", language="rust") == [("serde::de", "Visitor", "", "", 1)]
    assert imports(workspace, "Ser", path="src/new.rs", language="rust") == [("serde", "Serialize", "Ser", "", 1)]


@pytest.mark.parametrize(
    ("path", "importer", "module"),
    [
        ("src/shapes/round.rs", "src/main.rs", "crate::shapes::round"),
        ("src/shapes/mod.rs", "src/main.rs", "crate::shapes"),
        ("src/lib.rs", "src/shapes.rs", "crate"),
        ("a/src/shapes.rs", "a/src/lib.rs", "crate::shapes"),
        ("a/src/shapes.rs", "b/src/lib.rs", ""),
        ("src/shapes.rs", "src/bin/draw/main.rs", ""),
        ("src/bin/draw/app.rs", "src/bin/draw/main.rs", "crate::app"),
        ("tests/shapes.rs", "src/lib.rs", ""),
        ("mysrc/shapes.rs", "mysrc/lib.rs", ""),
    ],
)
def test_modules_of_rust_are_told_within_a_crate(path, importer, module):
    assert rust_module_of(path, importer) == module


def test_other_languages_do_not_count(workspace):
    assert imports(workspace, "np", path="new.ts", language="typescript") == []


def test_an_import_that_is_gone_is_not_told_and_its_file_is_to_be_read_again(workspace):
    workspace.texts["pkg/one.py"] = "x = 1\n"

    assert imports(workspace, "defaultdict") == []
    assert "pkg/one.py" in workspace.stale


def test_the_own_imports_of_a_file_are_no_evidence(workspace):
    assert imports(workspace, "defaultdict", path="pkg/one.py") == []
