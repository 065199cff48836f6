"""Skeletons of tests in JavaScript and TypeScript, for Vitest, Jest, Mocha or the runner of Node."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoder_lsp.features.actions.naming import free_name
from recoder_lsp.features.declarations import javascript
from recoder_lsp.features.declarations.declared import Declaration, Parameter, field_text
from recoder_lsp.features.edits import Edit, Refused
from recoder_lsp.features.imports import Target, insertion
from recoder_lsp.features.testing.layout import UNFINISHED, Tests
from recoder_lsp.features.testing.naming import camel_case, required, unused_name
from recoder_lsp.index.syntax.tree import SyntaxTree
from recoder_lsp.language import gettext

_CLASSES = ("class_declaration", "abstract_class_declaration")
_KNOWN_TYPE = re.compile(r"(?:string|number|boolean|bigint|unknown|object)(?:\[\])*")
_COMMONJS = re.compile(r"^(?:module\.)?exports\b|\brequire\(", re.MULTILINE)
_RUNNER_IMPORT = re.compile(r"""^import\b.*["'](vitest|@jest/globals|node:test|mocha)["'].*$""", re.MULTILINE)


def is_testable(tree: SyntaxTree, declaration: Declaration) -> bool:
    """Whether a test can call it: something at the top of a module, or in a class that stands there."""
    statement, around = declaration.outer, declaration.outer.parent
    if around is not None and around.type == "class_body" and around.parent is not None:
        if around.parent.type not in _CLASSES:
            return False
        statement = javascript.outermost(around.parent)
    is_at_the_top = statement.parent is not None and statement.parent.type == "program"
    is_private = any(tree.text_of(child) in ("private", "protected") for child in declaration.node.children)
    # Others are worked out, or begin with a "#".
    has_plain_name = declaration.name.replace("$", "_").isidentifier()
    return is_at_the_top and not is_private and has_plain_name and _is_code(declaration)


def javascript_test(tree: SyntaxTree, declaration: Declaration, tests: Tests, path: str, step: str) -> tuple[Edit, ...]:
    """Return what to insert into a file of tests, or into an empty one, for it to have a test that calls the declaration and fails.

    Args:
        tree: Of the file that declares it.
        declaration: What is to be tested.
        tests: How it is done here.
        path: The file of tests.
        step: One step of indentation.

    Raises:
        Refused: The declaration is not exported.
    """
    if not tests.exported:
        raise Refused(gettext("`{name}` is not exported, so that no test can call it.").format(name=declaration.owner or declaration.name))
    own = tests.own if tests.own and tests.own.path == path else None
    text, samples = own.text if own else "", tests.samples
    is_typed = path.endswith((".ts", ".tsx", ".mts", ".cts"))
    end = ";" if re.search(r";\r?$", tree.text + "\n" + samples, re.MULTILINE) else ""
    shown = samples or tree.text
    quote = "'" if shown.count("'") > shown.count('"') else '"'
    word = "it" if re.search(r"\bit\(", samples) and not re.search(r"\btest\(", samples) else "test"
    title = f"{declaration.owner}.{declaration.name}".lstrip(".")
    awaits = "async " if declaration.is_async else ""
    lines = [f"{step}{line}".rstrip() for line in _body(tree, declaration, is_typed=is_typed, end=end)]
    test = "\n".join([f"{word}({quote}{title}{quote}, {awaits}() => {{", *lines, f"}}){end}"]) + "\n"
    target = Target(tests.source, declaration.owner or declaration.name, exported=tests.exported)
    if text.strip():
        added = insertion("typescript" if is_typed else "javascript", path, text, target)
        imports = (Edit(added.offset, added.offset, added.text),) if added else ()
        return (*imports, Edit(len(text.rstrip()), len(text), f"\n\n{test}"))
    head = [re.sub("[\"']", quote, line).rstrip(";") + end + "\n" for line in _head(tree.text, tests, path, target, word)]
    return (Edit(0, len(text), "".join(head) + f"\n{test}"),)


def _head(source: str, tests: Tests, path: str, target: Target, word: str) -> Iterator[str]:
    """The imports of a new file."""
    is_commonjs = _COMMONJS.search(source) is not None and not re.search(r"^(?:im|ex)port\b", source, re.MULTILINE)
    like = _RUNNER_IMPORT.search(tests.samples)
    runner = like[1] if like else _runner(tests)
    if runner == "node:test":
        yield f'const {{ {word} }} = require("node:test");' if is_commonjs else f'import {{ {word} }} from "node:test";'
    elif runner in ("vitest", "@jest/globals"):
        yield f'import {{ {word} }} from "{runner}";'
    added = insertion("typescript", path, "", target)
    statement = added.text.strip() if added else ""
    if is_commonjs:
        yield re.sub(r"import (.*) from (.*?);?$", r"const \1 = require(\2);", statement)
    elif re.search(r"""from ["']\.[^"'\n]*\.js["']""", source) or (path.endswith("js") and '"module"' in tests.package):
        # Without a bundler the name of the file is needed, as it is once it is compiled.
        yield re.sub(r"""(["']);?$""", r".js\1;", statement)
    else:
        yield statement


def _runner(tests: Tests) -> str:
    """The framework, where no test shows it: by what the package depends on; that of Node needs nothing else. "" for globals."""
    if tests.files:
        return ""
    if '"vitest"' in tests.package:
        return "vitest"
    return "" if re.search(r'"(?:jest|mocha|jasmine|ava|@types/jest|@types/mocha)"', tests.package) else "node:test"


def _body(tree: SyntaxTree, declaration: Declaration, *, is_typed: bool, end: str) -> Iterator[str]:
    """The lines of a test. It fails until somebody says what is expected, and tells what there is."""
    made = declaration.owner if declaration.is_constructor else declaration.name if declaration.kind == "class" else ""
    own = [] if made else list(_named(declaration))
    instance = ""
    if made or (declaration.owner and not declaration.is_static):
        needed = list(_named(_constructor(tree, declaration)))
        own = [each for each in own if each.name not in {other.name for other in needed}]
        instance = unused_name(free_name(camel_case(made or declaration.owner), "", "javascript"), [each.name for each in (*needed, *own)])
        yield from _declared(needed, is_typed=is_typed, end=end)
        yield f"const {instance} = new {made or declaration.owner}({_arguments(needed)}){end}"
    yield from _declared(own, is_typed=is_typed, end=end)
    result = instance
    if not made:
        called = f"{instance or declaration.owner}.{declaration.name}".lstrip(".")
        call = called if declaration.is_property else f"{called}({_arguments(list(_named(declaration)))})"
        if declaration.yields and not declaration.is_async:
            call = f"[...{call}]"
        elif declaration.is_async and not declaration.yields:
            call = f"await {call}"
        result = "result" if declaration.returns or declaration.yields or declaration.is_property else ""
        yield f"const {result} = {call}{end}" if result else call + end
    yield ""
    yield (
        f"throw new Error(`{UNFINISHED}; it is ${{JSON.stringify({result})}}`){end}" if result else f'throw new Error("{UNFINISHED}"){end}'
    )


def _named(declaration: Declaration | None) -> Iterator[Parameter]:
    for parameter in required(declaration):
        yield parameter if parameter.name else Parameter("options", parameter.type)


def _declared(parameters: list[Parameter], *, is_typed: bool, end: str) -> Iterator[str]:
    for each in parameters:
        kind = f"!: {each.type}" if _KNOWN_TYPE.fullmatch(each.type) else ": any"
        yield f"let {each.name}{kind if is_typed else ''}{end} // TODO"


def _arguments(parameters: list[Parameter]) -> str:
    return ", ".join(each.name for each in parameters)


def _constructor(tree: SyntaxTree, declaration: Declaration) -> Declaration | None:
    members = declaration.body if declaration.kind == "class" else declaration.outer.parent
    for member in members.named_children if members is not None else ():
        if member.type == "method_definition" and field_text(tree, member, "name") == "constructor":
            return javascript.declaration(tree, member)
    return None


def _is_code(declaration: Declaration) -> bool:
    """Whether there is something to run: no interface, no signature without a body."""
    return declaration.body is not None and declaration.node.type not in ("interface_declaration", "abstract_class_declaration")
