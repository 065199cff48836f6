"""Imports of JavaScript and TypeScript files: extends a named import, or adds one below the imports at the top."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from recoder_lsp.features.import_scan import Insertion, at_the_top, below

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_SPACE = re.compile(r"\s+")
_SHEBANG = re.compile(r"#![^\n]*")
_DIRECTIVE = re.compile(r"""(['"])use \w+\1[ \t]*;?""")
_SOURCE = r"""(?P<quote>['"])(?P<module>[^'"\n]*)(?P=quote)"""
_LONGEST_CLAUSE = 8_000
_IMPORT = re.compile(
    rf"import\b\s*+(?P<type>type\b\s*+(?!,|from\b))?(?P<clause>[\w$*\s,{{}}]{{0,{_LONGEST_CLAUSE}}}?)\s{{0,100}}(?:\bfrom\b\s*|(?<=\}})from\s*)?{_SOURCE}"
    r"(?:\s*(?:with|assert)\s*\{[^}]*\})?[ \t]*(?P<semicolon>;?)"
)
_IMPORT_EQUALS = re.compile(rf"import\s+(?:type\s+)?[\w$]+\s*=\s*(?:require\(\s*{_SOURCE}\s*\)|[\w$.]+)[ \t]*(?P<semicolon>;?)")
_REQUIRE = re.compile(
    rf"(?:(?:const|let|var)\s+(?P<clause>[\w$]+|\{{[\w$\s,:]*\}})\s*=\s*)?require\(\s*{_SOURCE}\s*\)(?P<after>[^\n;]*)(?P<semicolon>;?)"
)
_BRACES = re.compile(r"\{([^{}]*)\}")
_ENDING = re.compile(r"(?:\.d)?\.([cm]?)([jt]s)x?$")
_LONGEST_LINE = 120

# What gives a name a meaning, seen from the name, and never further than this: the text may be anything.
_SEEN_AROUND, _LONGEST_IMPORT, _MOST_USES_SEEN, _MOST_WORDS_SEEN = 400, 8_000, 100, 20
_BOUND_BY_WHAT_FOLLOWS = re.compile(r"\s*=(?!=)")
_BOUND_BY_WHAT_IS_BEFORE = re.compile(r"\b(?:function\*?|class|const|let|var|interface|enum|type|namespace|catch[ \t]*\()[ \t]*\Z")
_IN_PATTERN_BEFORE = re.compile(r"\b(?:const|let|var)\s*[{\[][^=;()]*\Z")
_IN_PATTERN_AFTER = re.compile(r"[^=;()]*[}\]]\s{0,20}(?:=|of\b|in\b)")
_PARAMETER_BEFORE = re.compile(r"(?<!\bif )(?<!\bif)(?<!\bwhile )(?<!\bwhile)(?<!\bswitch )(?<!\bswitch)(?<!\bfor )(?<!\bfor)\([^()]*\Z")
_PARAMETER_AFTER = re.compile(r"[^()]*\)\s*+(?::[\w$<>\[\]., |\s]++)?(?:=>|\{)")
_INSIDE_OF_IMPORT = re.compile(r"[^;'\"(]*+")


@dataclass(frozen=True)
class _Import:
    """One statement: `clause` is what it gives a name to, at `clause_start` of the text."""

    start: int
    end: int
    module: str
    clause: str
    clause_start: int
    quote: str
    has_semicolon: bool
    is_require: bool
    may_grow: bool


class _NotUnderstood(Exception):
    """The text is not what this scan can follow."""


def javascript_insertion(
    path: str, text: str, target: str, name: str, exported: str = "named", module: str = "", alias: str = ""
) -> Insertion | None:
    """See imports.insertion."""
    try:
        top, imports = _head(text)
    except _NotUnderstood:
        return None
    has_requires = any(each.is_require for each in imports)
    in_commonjs = has_requires or path.endswith(".cjs") or re.search(r"^module\.exports\b", text, re.MULTILINE) is not None
    is_commonjs = in_commonjs and all(each.is_require for each in imports)
    separator = ": " if is_commonjs else " as "
    written = f"{name}{separator}{alias}" if alias and exported == "named" else alias or name
    for each in imports:
        if target:
            same = each.module.startswith(".") and _identity(_resolved(each.module, path)) == _identity(target)
        else:
            same = each.module == module
        if same and each.may_grow and each.is_require == is_commonjs and exported != "namespace":
            extended = _extended(text, each, written, is_default=exported == "default")
            if extended is not None:
                return extended
    quote = next((each.quote for each in imports), "") or _usual_quote(text)
    end = ";" if _uses_semicolons(text, imports) else ""
    if target:
        module = _module_of(path, target, [each.module for each in imports], is_commonjs=is_commonjs)
    named = f"{{ {written} }}" if exported == "named" else f"* as {written}" if exported == "namespace" and not is_commonjs else written
    source = f"{quote}{module}{quote}"
    statement = f"const {named} = require({source}){end}" if is_commonjs else f"import {named} from {source}{end}"
    if imports:
        return below(text, imports[-1].end, statement)
    return at_the_top(text, top, statement, 1)


def _head(text: str) -> tuple[int, list[_Import]]:
    """Where code begins, behind comments and directives, and the imports that stand together there."""
    at, top, imports = 0, 0, list[_Import]()
    if (shebang := _SHEBANG.match(text)) is not None:
        at = top = _past_line(text, shebang.end())
    while at < len(text):
        if (space := _SPACE.match(text, at)) is not None:
            at = space.end()
            continue
        if text.startswith(("//", "/*"), at):
            comment = _COMMENT.match(text, at)
            if comment is None:
                raise _NotUnderstood
            at = comment.end()
            # The first comment of a file is about the file, if something separates it from what follows.
            if not imports and re.match(r"[ \t]*\r?\n[ \t]*\r?\n", text[at : at + 80]):
                top = _past_line(text, at)
            continue
        if not imports and (directive := _DIRECTIVE.match(text, at)) is not None:
            at = directive.end()
            top = _past_line(text, at)
            continue
        found = _import_at(text, at)
        if found is None:
            break
        imports.append(found)
        at = found.end
    return top, imports


def _import_at(text: str, at: int) -> _Import | None:
    if re.compile(r"import\b(?!\s*[.(])").match(text, at):
        match = _IMPORT.match(text, at) or _IMPORT_EQUALS.match(text, at)
        if match is None:
            raise _NotUnderstood
        groups = match.groupdict()
        clause = groups.get("clause") or ""
        return _Import(
            start=at,
            end=match.end(),
            module=groups["module"] or "",
            clause=clause,
            clause_start=match.start("clause") if clause else at,
            quote=groups["quote"] or "",
            has_semicolon=bool(groups["semicolon"]),
            is_require=False,
            may_grow=bool(clause) and groups.get("type") is None and "*" not in clause,
        )
    match = _REQUIRE.match(text, at)
    if match is None:
        return None
    clause = match["clause"] or ""
    return _Import(
        start=at,
        end=match.end(),
        module=match["module"],
        clause=clause,
        clause_start=match.start("clause") if clause else at,
        quote=match["quote"],
        has_semicolon=bool(match["semicolon"]),
        is_require=True,
        may_grow=clause.startswith("{") and not match["after"].strip(),
    )


def _extended(text: str, existing: _Import, name: str, *, is_default: bool) -> Insertion | None:
    """The name added to what the statement imports; None where that needs a statement of its own."""
    braces = _BRACES.search(existing.clause)
    if is_default:
        # A file has one default, and a require of one is no pattern.
        if braces is None or braces.start() or existing.is_require:
            return None
        return Insertion(existing.clause_start, f"{name}, ")
    if braces is None:
        return Insertion(existing.clause_start + len(existing.clause.rstrip()), f", {{ {name} }}")
    listed = braces[1].rstrip()
    start = existing.clause_start + braces.start(1)
    if not listed.strip():
        return Insertion(start, f" {name}" + ("" if braces[1] else " "))
    lines = listed.split("\n")
    if len(lines) == 1:
        if existing.end - existing.start + len(name) > _LONGEST_LINE:
            return None
        return Insertion(start + len(listed), f" {name}" if listed.endswith(",") else f", {name}")
    newline = "\r\n" if "\r\n" in braces[1] else "\n"
    indentation = lines[-1][: len(lines[-1]) - len(lines[-1].lstrip())]
    has_comma = listed.endswith(",")
    return Insertion(start + len(listed), f"{'' if has_comma else ','}{newline}{indentation}{name}{',' if has_comma else ''}")


def _module_of(path: str, target: str, modules: list[str], *, is_commonjs: bool) -> str:
    """How the target is written from here: without its ending, unless this file's other imports have one or Node needs it."""
    ending = _ENDING.search(target)
    stem = target[: ending.start()] if ending else target
    written = next((match for each in modules if each.startswith(".") and (match := _ENDING.search(each)) is not None), None)
    if ending is None:
        suffix = ""
    elif written is not None:
        # TypeScript files are mostly named as what they will be compiled to.
        suffix = target[ending.start() :] if written[2] == "ts" else f".{ending[1]}js"
    elif ending[1] and not is_commonjs:
        suffix = f".{ending[1]}js"
    else:
        suffix = ".cjs" if ending[1] == "c" else ""
        if not suffix and posixpath.basename(stem) == "index":
            stem = posixpath.dirname(stem)
    relative = posixpath.relpath(stem or ".", posixpath.dirname(path) or ".")
    return (relative if relative.startswith(".") else f"./{relative}") + suffix


def _resolved(module: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), module))


def _identity(path: str) -> str:
    """A file without its ending; the folder for its index."""
    stem = _ENDING.sub("", path)
    return re.sub(r"(?:^|/)index$", "", stem) or "."


def _past_line(text: str, offset: int) -> int:
    at = text.find("\n", offset)
    return len(text) if at < 0 else at + 1


def _usual_quote(text: str) -> str:
    return '"' if text.count('"') > text.count("'") else "'"


def _uses_semicolons(text: str, imports: list[_Import]) -> bool:
    if imports:
        return imports[-1].has_semicolon
    lines = [line.rstrip() for line in text.split("\n", 200)[:200]]
    endings = [line[-1] for line in lines if line and not line.startswith(("//", "*", "/*"))]
    return not endings or endings.count(";") * 8 > len(endings)


def javascript_gives_a_meaning(text: str, name: str) -> bool:
    """Whether the file imports the name already, or binds it somewhere: such a name is not the workspace's there."""
    for position, match in enumerate(re.finditer(rf"(?<![\w$.]){re.escape(name)}(?![\w$])", text)):
        if position >= _MOST_USES_SEEN:
            return True
        start, end = match.span()
        before, after = text[max(start - _SEEN_AROUND, 0) : start], text[end : end + _SEEN_AROUND]
        if _BOUND_BY_WHAT_FOLLOWS.match(after) or _BOUND_BY_WHAT_IS_BEFORE.search(before):
            return True
        if _IN_PATTERN_BEFORE.search(before) and _IN_PATTERN_AFTER.match(after):
            return True
        if _PARAMETER_AFTER.match(after) and _PARAMETER_BEFORE.search(before):
            return True
        if _is_imported(text, start, end):
            return True
    return False


def _is_imported(text: str, start: int, end: int) -> bool:
    """Whether the name between these offsets stands between `import` and `from`, and is not renamed there."""
    at = start
    for _ in range(_MOST_WORDS_SEEN):
        at = text.rfind("import", max(start - _LONGEST_IMPORT, 0), at)
        if at < 0 or not _INSIDE_OF_IMPORT.fullmatch(text, at + len("import"), start):
            return False
        if re.match(r"import\b", text[at : at + 7]) and not _is_part_of_name(text[at - 1 : at]):
            inside = _INSIDE_OF_IMPORT.match(text, end, end + _LONGEST_IMPORT)
            rest = inside[0] if inside else ""
            return re.search(r"\bfrom\b", rest) is not None and not re.match(r"\s+as\b", rest)
    return False


def _is_part_of_name(character: str) -> bool:
    return character.isalnum() or character in ("_", "$")
