"""From what an import names to files of the workspace, and from a file to the module that others import it as."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from recoder_lsp.index.records import Reference, ReferenceKind, Symbol

JAVASCRIPT = frozenset({"javascript", "javascriptreact", "typescript", "typescriptreact"})
JAVASCRIPT_ENDINGS = (".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts")

_SOURCE_FOLDERS = ("", "src", "lib", "python")
_SEPARATORS = re.compile(r"::|[./\\]")
_WRITTEN_JAVASCRIPT_ENDING = re.compile(r"\.([cm]?)jsx?$")
_EXPORT_LIST = re.compile(r"^[ \t]*export\s*\{([^{}]*)\}(?!\s*from)", re.MULTILINE)
_COMMONJS_LIST = re.compile(r"\bmodule\.exports\s*=\s*\{([^{}]*)\}")


def files_of_module(module: str, importer: str, language: str) -> Iterator[str]:
    """Paths at which a module may lie, the likeliest first; whether they exist is for the caller to see.

    Args:
        module: As written in the import.
        importer: The file that imports it.
        language: That file's.
    """
    if language == "python":
        yield from _files_of_python_module(module, importer)
    elif language in JAVASCRIPT:
        yield from _files_of_javascript_module(module, importer)


def may_be_module(module: str, path: str, importer: str, language: str) -> bool:
    """Whether a file is what an import of another one names. In most languages that is a guess by the last part of both."""
    if language == "python" or language in JAVASCRIPT:
        return path in files_of_module(module, importer, language)
    names = [part for part in _SEPARATORS.split(module) if part]
    folder, _, file = path.rpartition("/")
    last_of_path = (file.partition(".")[0], folder.rpartition("/")[2])
    return any(name in last_of_path for name in names[-2:])


def python_module_of(path: str, exists: Callable[[str], bool], importer: str = "") -> str:
    """The dotted name of a Python file, "" for one that cannot be imported by name.

    Args:
        exists: Says of a path whether the workspace has this file.
        importer: The file that wants to import it.
    """
    folder, _, file = path.rpartition("/")
    stem = re.sub(r"\.pyi?$", "", file)
    root = folder
    while root and exists(f"{root}/__init__.py"):
        root = root.rpartition("/")[0]
    if root == folder and importer.rpartition("/")[0] != folder:
        # No packages with __init__ here: from elsewhere it is found only through the folders that lead to it.
        root = next((start for start in ("src", "lib", "python") if folder == start or folder.startswith(start + "/")), "")
    inner = folder[len(root) :].strip("/")
    parts = [*(inner.split("/") if inner else ()), *(() if stem == "__init__" else (stem,))]
    return ".".join(parts) if all(part.isidentifier() for part in parts) else ""


def usual_module(uses: Iterable[tuple[str, Reference]], path: str) -> str:
    """The absolute module from which others import a name that this Python file defines, "" if nobody does.

    That may be a package above the file, which passes the name on.
    """
    counts: Counter[str] = Counter()
    without_ending = re.sub(r"(/__init__)?\.pyi?$", "", path)
    for importer, use in uses:
        if use.kind is not ReferenceKind.IMPORT or not use.module or use.module.startswith(".") or importer == path:
            continue
        as_path = use.module.replace(".", "/")
        package_above = any(f"{without_ending}/".startswith(posixpath.join(root, as_path) + "/") for root in _SOURCE_FOLDERS)
        if package_above or f"/{without_ending}".endswith(f"/{as_path}"):
            counts[use.module] += 1
    return counts.most_common(1)[0][0] if counts else ""


def rust_module_of(path: str, importer: str) -> str:
    """The path of a file's module as another file of the same crate names it, "" for files of other crates."""
    crate = crate_of(path)
    if not crate or crate != crate_of(importer):
        return ""
    parts = path.removeprefix(crate).removesuffix(".rs").split("/")
    if parts[-1] in ("mod", "lib", "main"):
        parts.pop()
    return "::".join(["crate", *parts])


def crate_of(path: str) -> str:
    """The folder of the sources of a Rust file's crate, with a slash; "" for a file that is not among such."""
    before, found, inside = path.rpartition("src/")
    if not found or (before and not before.endswith("/")):
        return ""
    # Each program has a crate of its own.
    program = re.match(r"bin/[^/]+/", inside)
    return f"{before}src/{program[0] if program else ''}"


def exported_as(text: str, symbol: Symbol) -> str:
    """How a JavaScript or TypeScript file lets others import a symbol: "named", "default", or "" for not at all."""
    if symbol.parent is not None:
        return ""
    name = re.escape(symbol.name)
    line = text.split("\n", symbol.name_span.start_line + 1)[symbol.name_span.start_line : symbol.name_span.start_line + 1]
    before = (line[0] if line else "").partition(symbol.name)[0]
    if re.search(r"\bexport\s+default\b", before):
        return "default"
    if re.search(r"\bexport\b", before):
        return "named"
    for pattern in (_EXPORT_LIST, _COMMONJS_LIST):
        for listed in pattern.finditer(text):
            entries = [entry.strip() for entry in listed[1].split(",")]
            if any(re.fullmatch(rf"(type\s+)?{name}", entry) for entry in entries):
                return "named"
            if f"{symbol.name} as default" in entries:
                return "default"
    if re.search(rf"^[ \t]*(?:module\.)?exports\.{name}\s*=[^=]", text, re.MULTILINE):
        return "named"
    if re.search(rf"^[ \t]*(?:export\s+default|module\.exports\s*=)\s+{name}\s*;?\s*$", text, re.MULTILINE):
        return "default"
    return ""


def _files_of_python_module(module: str, importer: str) -> Iterator[str]:
    folder = importer.rpartition("/")[0]
    dots = len(module) - len(module.lstrip("."))
    inner = "/".join(part for part in module.split(".") if part)
    if dots:
        for _ in range(dots - 1):
            folder = folder.rpartition("/")[0]
        roots = [folder]
    else:
        roots = [*_ancestors(folder), *_SOURCE_FOLDERS]
    for root in dict.fromkeys(roots):
        base = posixpath.join(root, inner) if inner else root
        # Every file would be the module of an empty name.
        if base:
            yield from (f"{base}.py", f"{base}/__init__.py", f"{base}.pyi", f"{base}/__init__.pyi")
        else:
            yield "__init__.py"


def _files_of_javascript_module(module: str, importer: str) -> Iterator[str]:
    folder = importer.rpartition("/")[0]
    if module.startswith("."):
        bases = [posixpath.normpath(posixpath.join(folder, module))]
    else:
        inner = re.sub(r"^[@~]/|^#", "", module)
        bases = [posixpath.join(root, inner) for root in dict.fromkeys([*_ancestors(folder), *_SOURCE_FOLDERS])]
    for base in bases:
        base = "" if base == "." else base
        yield base
        written = _WRITTEN_JAVASCRIPT_ENDING.search(base)
        if written:
            # TypeScript names the file that will be there once it is compiled.
            stem = base[: written.start()]
            yield from (f"{stem}.{written[1]}ts", f"{stem}.tsx")
        yield from (base + ending for ending in JAVASCRIPT_ENDINGS)
        yield from (posixpath.join(base, "index" + ending) for ending in JAVASCRIPT_ENDINGS)


def _ancestors(folder: str) -> list[str]:
    """The folder and those around it, the innermost first."""
    found = [folder]
    while folder:
        folder = folder.rpartition("/")[0]
        found.append(folder)
    return found
