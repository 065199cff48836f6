"""Skeletons of tests in Python, for pytest or unittest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoder_lsp.features.actions.naming import free_name
from recoder_lsp.features.declarations import python
from recoder_lsp.features.declarations.declared import Declaration, Parameter, field_text
from recoder_lsp.features.edits import Edit, Refused
from recoder_lsp.features.imports import Target, insertion
from recoder_lsp.features.testing.layout import UNFINISHED, Tests
from recoder_lsp.features.testing.naming import pascal_case, required, snake_case, unused_name
from recoder_lsp.index.syntax.tree import Node, SyntaxTree
from recoder_lsp.language import gettext

_TEST_CASE = re.compile(r"^class \w+\([\w., ]*TestCase\b", re.MULTILINE)
_TEST_FUNCTION = re.compile(r"^(?:async )?def (test\w*)", re.MULTILINE)
_ASYNC_TEST = re.compile(r"^[ \t]*async def test", re.MULTILINE)
_MAIN = re.compile(r"^if __name__\b", re.MULTILINE)
_FIRST_IMPORT = re.compile(r"^(?:import|from(?! __future__))\b", re.MULTILINE)


def is_testable(declaration: Declaration) -> bool:
    """Whether a test can call it: something at the top of a file, or in a class that stands there."""
    block = declaration.outer.parent
    if block is not None and block.type == "block" and declaration.owner:
        definition = block.parent
        block = definition.parent if definition is not None else None
        if block is not None and block.type == "decorated_definition":
            block = block.parent
    special = declaration.name.startswith("__") and not declaration.is_constructor
    return block is not None and block.type == "module" and not special and not declaration.name.startswith("test")


def python_test(tree: SyntaxTree, declaration: Declaration, tests: Tests, path: str) -> tuple[Edit, ...]:
    """Return what to insert into a file of tests, or into an empty one, for it to have a test that calls the declaration and fails.

    Args:
        tree: Of the file that declares it.
        declaration: What is to be tested.
        tests: How it is done here.
        path: The file of tests.

    Raises:
        Refused: The declaration cannot be imported.
    """
    if not tests.module:
        raise Refused(gettext("This file cannot be imported by name, so that no test of it can be written."))
    own = tests.own if tests.own and tests.own.path == path else None
    text, samples = own.text if own else "", tests.samples
    in_classes = bool(_TEST_CASE.search(samples)) and not _TEST_FUNCTION.search(samples)
    in_loop = declaration.is_async and bool(in_classes or _ASYNC_TEST.search(samples))
    runs_loop = declaration.is_async and not in_loop and not declaration.yields
    lines = list(_body(tree, declaration, in_loop=in_loop, runs_loop=runs_loop))
    name = unused_name(f"test_{snake_case(_subject(declaration))}", re.findall(r"def (test\w*)", text))
    head = "async def" if in_loop else "def"
    if in_classes:
        base = "unittest.IsolatedAsyncioTestCase" if in_loop else "unittest.TestCase"
        test_class = unused_name(f"{pascal_case(_subject(declaration))}Test", re.findall(r"^class (\w+)", text, re.MULTILINE))
        code = [f"class {test_class}({base}):", f"    {head} {name}(self):", *(f"        {line}".rstrip() for line in lines)]
    else:
        code = [f"{head} {name}():", *(f"    {line}".rstrip() for line in lines)]
    modules = [module for module, is_needed in (("asyncio", runs_loop), ("unittest", in_classes)) if is_needed]
    test = "\n".join(code) + "\n"
    imported = declaration.owner or declaration.name
    if not text.strip():
        plain = "".join(f"import {module}\n" for module in modules)
        return (Edit(0, len(text), plain + ("\n" if plain else "") + f"from {tests.module} import {imported}\n\n\n{test}"),)
    return tuple(_into(text, path, Target(tests.source, imported, tests.module), modules, test))


def _into(text: str, path: str, target: Target, modules: list[str], test: str) -> Iterator[Edit]:
    """What to insert into tests that are there."""
    absent = "".join(f"import {module}\n" for module in modules if not re.search(rf"^import {module}\b", text, re.MULTILINE))
    first, added = _FIRST_IMPORT.search(text), insertion("python", path, text, target)
    if absent and first is not None:
        yield Edit(first.start(), first.start(), absent)
    elif absent and added is not None:
        # At the same place, behind what the file says of itself.
        yield Edit(added.offset, added.offset, added.text.replace("from ", f"{absent}from ", 1))
        added = None
    if added is not None:
        yield Edit(added.offset, added.offset, added.text)
    main = _MAIN.search(text)
    if main is None:
        yield Edit(len(text.rstrip()), len(text), f"\n\n\n{test}")
    else:
        yield Edit(main.start(), main.start(), f"{test}\n\n")


def _subject(declaration: Declaration) -> str:
    """What the test is named after."""
    if declaration.is_constructor:
        return declaration.owner
    return f"{declaration.owner}_{declaration.name}" if declaration.owner else declaration.name


def _body(tree: SyntaxTree, declaration: Declaration, *, in_loop: bool, runs_loop: bool) -> Iterator[str]:
    """The lines of a test. It fails until somebody says what is expected, and tells what there is."""
    made = declaration.owner if declaration.is_constructor else declaration.name if declaration.kind == "class" else ""
    own = [] if made else list(required(declaration))
    instance = ""
    if made or (declaration.owner and not declaration.is_static):
        definition = declaration.node if declaration.kind == "class" else _class_around(declaration.outer)
        needed = list(_needed_to_make(tree, definition)) if definition is not None else []
        own = [each for each in own if each.name not in {other.name for other in needed}]
        instance = unused_name(free_name(snake_case(made or declaration.owner), "", "python"), [each.name for each in (*needed, *own)])
        yield from _assigned(needed)
        yield f"{instance} = {made or declaration.owner}({_arguments(needed)})"
    yield from _assigned(own)
    result = instance
    if not made:
        called = f"{instance or declaration.owner}.{declaration.name}".lstrip(".")
        call = called if declaration.is_property else f"{called}({_arguments(list(required(declaration)))})"
        result = "result" if declaration.returns or declaration.yields or declaration.is_property else ""
        if declaration.yields:
            call = (f"[each async for each in {call}]" if in_loop else call) if declaration.is_async else f"list({call})"
        elif declaration.is_async:
            call = f"asyncio.run({call})" if runs_loop else f"await {call}"
        yield f"{result} = {call}" if result else call
    yield ""
    yield f'raise AssertionError(f"{UNFINISHED}; it is {{{result}!r}}")' if result else f'raise AssertionError("{UNFINISHED}")'


def _class_around(member: Node) -> Node | None:
    return member.parent.parent if member.parent is not None else None


def _assigned(parameters: list[Parameter]) -> Iterator[str]:
    yield from (f"{parameter.name} = ...  # TODO" for parameter in parameters)


def _arguments(parameters: list[Parameter]) -> str:
    return ", ".join(f"{each.name}={each.name}" if each.is_keyword else each.name for each in parameters)


def _needed_to_make(tree: SyntaxTree, definition: Node) -> Iterator[Parameter]:
    """What a class has to be given: the parameters of its constructor, or the fields of a data class."""
    body = definition.child_by_field_name("body")
    members = body.named_children if body is not None else ()
    for member in members:
        function = member.child_by_field_name("definition") if member.type == "decorated_definition" else member
        if function is not None and field_text(tree, function, "name") == "__init__":
            yield from required(python.declaration(tree, function))
            return
    around = definition.parent.named_children if definition.parent is not None else ()
    if not any(each.type == "decorator" and "dataclass" in tree.text_of(each) for each in around):
        return
    for member in members:
        field = member.named_children[0] if member.type == "expression_statement" and member.named_children else None
        if field is not None and field.type == "assignment" and field.child_by_field_name("right") is None:
            yield Parameter(field_text(tree, field, "left"), field_text(tree, field, "type"))
