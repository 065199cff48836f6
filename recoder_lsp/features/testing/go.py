"""Skeletons of tests in Go."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoder_lsp.features.actions.naming import free_name
from recoder_lsp.features.declarations.declared import Declaration, Parameter
from recoder_lsp.features.declarations.go import results_of
from recoder_lsp.features.edits import Edit
from recoder_lsp.features.testing.layout import UNFINISHED, Tests
from recoder_lsp.features.testing.naming import camel_case, unused_name
from recoder_lsp.index.syntax.tree import SyntaxTree

_PACKAGE = re.compile(r"^package[ \t]+(\w+)[^\n]*\n?", re.MULTILINE)
_IMPORTED = re.compile(r"^[ \t]*(?:import[ \t]+)?(?:(\w+)[ \t]+)?\"([^\"\n]+)\"", re.MULTILINE)
_QUALIFIED = re.compile(r"\b([a-z]\w*)\.[A-Z]")


def is_testable(declaration: Declaration) -> bool:
    """Whether a test can call it. Types have nothing to call, and of generic ones nobody knows which is meant."""
    return (
        declaration.kind == "function"
        and "[" not in declaration.owner
        and not declaration.type_parameters
        and declaration.name not in ("main", "init")
    )


def go_path(tests: Tests) -> str:
    """Return the path of the tests beside a file; where those see the package from outside, of others that see it from inside."""
    path = re.sub(r"\.go$", "_test.go", tests.source)
    text = next((file.text for file in tests.files if file.path == path), "")
    package = _PACKAGE.search(text)
    return path if package is None or not package[1].endswith("_test") else re.sub(r"_test\.go$", "_internal_test.go", path)


def go_test(tree: SyntaxTree, declaration: Declaration, tests: Tests, path: str) -> tuple[Edit, ...]:
    """Return what to insert into a file of tests, or into an empty one, for it to have a test that calls the declaration and fails."""
    text = next((file.text for file in tests.files if file.path == path), "")
    name = declaration.name[:1].upper() + declaration.name[1:]
    owner = declaration.owner.lstrip("*")
    name = unused_name(f"Test{owner}_{name}" if owner else f"Test{name}", re.findall(r"^func (\w+)", text, re.MULTILINE))
    lines = [f"\t{line}".rstrip() for line in _body(tree, declaration)]
    test = "\n".join([f"func {name}(t *testing.T) {{", *lines, "}"]) + "\n"
    modules = list(_modules(tree.text, declaration, text))
    if text.strip():
        package = _PACKAGE.search(text)
        imports = (
            (Edit(package.end(), package.end(), "\n" + "".join(f"import {module}\n" for module in modules)),) if package and modules else ()
        )
        return (*imports, Edit(len(text.rstrip()), len(text), f"\n\n{test}"))
    package = _PACKAGE.search(tree.text)
    imported = "".join(f"\t{module}\n" for module in sorted(modules))
    block = f"import (\n{imported})" if len(modules) > 1 else f"import {modules[0]}"
    return (Edit(0, len(text), f"package {package[1] if package else 'main'}\n\n{block}\n\n{test}"),)


def _modules(source: str, declaration: Declaration, text: str) -> Iterator[str]:
    """What the test has to import and does not yet: `testing`, and the packages of the types that it names."""
    if '"testing"' not in text:
        yield '"testing"'
    used = {name for parameter in _needed(declaration) for name in _QUALIFIED.findall(parameter.type)}
    for alias, module in _IMPORTED.findall(source):
        if (alias or module.rpartition("/")[2]) in used and f'"{module}"' not in text:
            yield f'{alias} "{module}"'.strip()


def _body(tree: SyntaxTree, declaration: Declaration) -> Iterator[str]:
    parameters, called = list(_needed(declaration)), declaration.name
    if parameters or declaration.owner:
        yield "// TODO: give them values."
    yield from (f"var {each.name} {each.type}" for each in parameters)
    if declaration.owner:
        owner = declaration.owner.lstrip("*")
        instance = unused_name(free_name(camel_case(owner), "", "go"), [owner, *(each.name for each in parameters)])
        yield f"{instance} := {'&' if declaration.owner.startswith('*') else ''}{owner}{{}}"
        called = f"{instance}.{called}"
    results = results_of(tree, declaration.node)
    fails = bool(results) and results[-1] == "error"
    values = [f"got{number or ''}" for number in range(len(results) - fails)]
    names = ", ".join([*values, *(["err"] if fails else [])])
    arguments = ", ".join(each.name for each in parameters)
    yield f"{names} := {called}({arguments})" if names else f"{called}({arguments})"
    if fails:
        yield from ("if err != nil {", "\tt.Fatal(err)", "}")
    yield ""
    shown = ", ".join("%v" for _ in values)
    yield f't.Fatalf("{UNFINISHED}; it is {shown}", {", ".join(values)})' if values else f't.Fatal("{UNFINISHED}")'


def _needed(declaration: Declaration) -> Iterator[Parameter]:
    """The parameters, each with a name; without the variadic one."""
    for number, each in enumerate(declaration.parameters, 1):
        if not each.default:
            yield each if each.name not in ("", "_", "t") else Parameter(f"arg{number}", each.type)
