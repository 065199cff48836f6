"""Adding missing imports: files before and after, as missing_import_cases.toml has them, in a small workspace."""

import tomllib
from pathlib import Path

import pytest

from recoder_lsp.features.actions.imports import missing
from recoder_lsp.index.syntax.parser import Parser
from tests.features.actions.importing import done, site_of
from tests.index.small_workspace import SmallWorkspace

CASES = [
    (language, case)
    for language, cases in tomllib.loads(Path(__file__).with_name("missing_import_cases.toml").read_text("utf-8")).items()
    for case in cases
]
FILES = {
    "shapes/__init__.py": "from shapes.circle import Circle\n",
    "shapes/circle.py": "class Circle: ...\n",
    "use/one.py": "import numpy as np\nfrom shapes import Circle\nfrom typing import Mapping\n",
    "use/two.py": "from . import local\n\nlog = local.log_of(2)\n",
    "tests/test_shapes.py": "class Circle: ...\n",
    "web/shapes.ts": "export class Circle {}\nexport class circle {}\nclass Hidden {}\n",
    "web/a.tsx": "import React, { useState } from 'react';\nimport { Box as Crate } from '@ui/box';\nimport * as d3 from 'd3';\n",
    "web/b.js": "const { readFile } = require('fs');\n",
    "pkg/color.go": "package pkg\n\nvar color = f()\n",
    "pkg/yaml.go": 'package pkg\n\nimport "gopkg.in/yaml.v3"\n\nvar x = yaml.Y\n',
    "src/lib.rs": "use anyhow;\nuse serde::Serialize;\nuse crate::made::Macro;\nuse super::Inner;\n",
    "src/shapes/round.rs": "pub struct Circle;\nstruct Hidden;\n",
    "other/src/lib.rs": "pub struct Hidden;\n",
}
PATHS = {"typescript": "web/new.ts", "typescriptreact": "web/new.tsx", "javascript": "web/new.js"}


@pytest.fixture(scope="module")
def parser():
    return Parser()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, parser):
    return SmallWorkspace(tmp_path_factory.mktemp("index"), FILES, parser)


@pytest.mark.parametrize(("language", "case"), CASES, ids=[f"{language}: {case['title']}" for language, case in CASES])
async def test_a_missing_name_is_imported_as_the_project_does_it(workspace, language, case):
    site = site_of(language, case["before"], says=case.get("says", ""), path=case.get("path") or PATHS.get(language))

    offers = await missing.offers(site, workspace)

    assert (done(site, offers[0]) if offers else None) == case.get("after")
    assert [offer.is_preferred for offer in offers] == [i == 0 for i in range(len(offers))]
    assert all(offer.fixes == tuple(range(len(site.diagnostics))) for offer in offers)
    if "offers" in case:
        assert [offer.title for offer in offers] == case["offers"]


@pytest.mark.parametrize(
    "text",
    [
        "def Circle(): ...",
        "class Circle: ...",
        "def f(a, Circle): ...",
        "def f(Circle: int): ...",
        "def f(Circle=1): ...",
        "def f(Circle: int = 1): ...",
        "def f(*Circle): ...",
        "lambda Circle: 1",
        "Circle = 1",
        "Circle: int",
        "a, (b, *Circle) = 1",
        "Circle += 1",
        "(Circle := 1)",
        "for a, Circle in b: ...",
        "[a for Circle in b]",
        "with a as Circle: ...",
        "with a as (b, Circle): ...",
        "try: ...\nexcept a as Circle: ...",
        "match a:\n    case b(c, d=Circle): ...",
        "match a:\n    case [b, *Circle]: ...",
        "match a:\n    case b.c as Circle: ...",
        "def f():\n    global Circle",
        "type Circle = int",
        "type Circle[T] = int",
        "def f[Circle](): ...",
        "def f():\n    import Circle.a",
        "def f():\n    import a as Circle",
        "def f():\n    from a import Circle",
    ],
)
async def test_what_python_binds_anywhere_is_not_missing(workspace, text):
    site = site_of("python", f"{text}\n\nprint(▮Circle)\n")

    assert await missing.offers(site, workspace) == []


@pytest.mark.parametrize(
    "text",
    [
        "def f(a: Circle, b=Circle, *c: Circle) -> Circle: ...",
        "x: Circle = Circle",
        "for a in Circle: ...",
        "a.Circle = 1",
        "f(Circle=1)",
        "with Circle as a: ...",
        "match a:\n    case Circle(b): ...",
        "def f(a: list[Circle]): ...",
        "class A(Circle): ...",
        "def f():\n    from Circle import a",
        "def f():\n    import Circle as a, a.Circle",
        "# Circle = 1",
    ],
)
async def test_what_python_only_uses_is_missing(workspace, text):
    site = site_of("python", f"{text}\n\nprint(▮Circle)\n")

    assert [offer.title for offer in await missing.offers(site, workspace)][:1] == ["Import Circle from shapes"]


@pytest.mark.parametrize(
    "text",
    [
        "function Circle() {}",
        "class Circle {}",
        "interface Circle {}",
        "type Circle = number;",
        "enum Circle {}",
        "namespace Circle {}",
        "const Circle = 1;",
        "let { a, Circle } = b;",
        "let { a: Circle } = b;",
        "let [a, ...Circle] = b;",
        "let { a: Circle = 1 } = b;",
        "function f(a, Circle?: number) {}",
        "const f = Circle => 1;",
        "for (const Circle of a) {}",
        "try {} catch (Circle) {}",
        "function f<Circle>() {}",
        "type A<B> = B extends (infer Circle)[] ? 1 : 2;",
        "Circle = 1;",
        "declare function Circle(): void;",
        "import Circle = a.b;",
        "import { a as Circle } from 'a';",
        "import * as Circle from 'a';",
        "import Circle from 'a';",
    ],
)
async def test_what_typescript_declares_anywhere_is_not_missing(workspace, text):
    site = site_of("typescript", f"{text}\n\nnew ▮Circle();\n", path="web/new.ts")

    assert await missing.offers(site, workspace) == []


@pytest.mark.parametrize(
    "text",
    [
        "function f(a: Circle, b = Circle): Circle {}",
        "for (const a of Circle) {}",
        "a.Circle = 1;",
        "f({ Circle: 1 });",
        "type A = Circle extends B ? 1 : 2;",
        "let a = Circle < b;",
        "import { Circle as a } from 'a';",
        "class A { Circle() {} }",
        "function f<A extends Circle>() {}",
        "let { Circle: a } = b;",
        "type A = B<Circle>;",
    ],
)
async def test_what_typescript_only_uses_is_missing(workspace, text):
    site = site_of("typescript", f"{text}\n\nnew ▮Circle();\n", path="web/new.ts")

    assert [offer.title for offer in await missing.offers(site, workspace)] == ["Import Circle from web/shapes.ts"]


async def test_offers_keep_their_ids(workspace):
    site = site_of("python", "print(Cir▮cle())\n")

    first, again = await missing.offers(site, workspace), await missing.offers(site, workspace)

    assert [offer.id for offer in first] == [offer.id for offer in again]
    assert len({offer.id for offer in first}) == len(first)


async def test_nothing_is_asked_where_no_name_can_be_missing(workspace):
    workspace.asked.clear()

    for text in ("x = 1 ▮\n", "pri▮nt()\n", "# Cir▮cle\n", "def f():\n    ret▮urn 1\n"):
        assert await missing.offers(site_of("python", text), workspace) == []

    assert workspace.asked == []


async def test_without_an_index_the_standard_library_is_left(workspace):
    workspace.is_away = True

    found = [await missing.offers(site_of("python", text), workspace) for text in ("▮Circle()\n", "▮Path()\n")]

    workspace.is_away = False
    assert [[offer.title for offer in offers] for offers in found] == [[], ["Import Path from pathlib"]]


async def test_another_complaint_about_a_name_is_not_said_to_be_fixed(workspace):
    offers = await missing.offers(site_of("python", "x = ⟦os⟧\n", says="Line too long"), workspace)

    assert [(offer.title, offer.fixes) for offer in offers] == [("Import os", ())]


async def test_several_missing_names_are_told_apart(workspace):
    site = site_of("python", "⟦Path⟧(⟦os⟧.x, ⟦Path⟧)\n", says="undefined name")

    offers = await missing.offers(site, workspace)

    assert [(offer.title, offer.fixes) for offer in offers] == [("Import Path from pathlib", (0, 2)), ("Import os", (1,))]


async def test_languages_without_imports_that_are_known_have_no_offers(workspace):
    assert await missing.offers(site_of("lua", "⟦json⟧.x()\n", says="undefined", path="a.lua"), workspace) == []
