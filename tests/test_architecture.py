"""Who may import whom, who may touch which library, and what stays out of module level; see docs/architecture.md."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import recoder_lsp

PACKAGE = Path(recoder_lsp.__file__).parent

# Imports point down. Rooms on one line do not see each other.
LINES = (
    ("__main__",),
    ("cli", "demo"),
    ("eval_command", "chat_command", "hover_command"),
    ("server", "complete_once", "index_commands", "learned_command", "training"),
    ("app", "doctor", "settings_page"),
    ("features",),
    ("engine", "index"),
    ("document", "config", "privacy", "metrics", "logs", "connect", "learning_store", "chat_store", "git", "summary_store"),
    ("redaction", "small_database", "config_problems"),
    ("errors", "secret_rules", "language"),
)

# One door per outside thing: only these files or folders import it.
DOORS = {
    "pygls": ("server/",),
    "lsprotocol": ("server/",),
    "llama_cpp": ("engine/llama.py",),
    "jinja2": ("engine/template_sandbox.py",),
    "chromadb": ("index/store/vectors.py",),
    "tree_sitter": ("index/syntax/parser.py",),
    "sqlite3": ("index/store/manifest", "index/store/vectors.py", "learning_store.py", "summary_store.py", "small_database.py"),
    "watchfiles": ("index/files/watcher.py",),
    "pathspec": ("index/files/ignoring.py",),
    "charset_normalizer": ("index/files/decoding.py",),
    "safetensors": ("index/store/embedder.py", "training/"),
    "fcntl": ("index/process/lock.py",),
    "subprocess": ("index/process/child.py", "demo/", "training/"),
    "multiprocessing": (),
    "asyncio.start_unix_server": ("index/process/host.py",),
    "asyncio.open_unix_connection": ("index/process/calling.py",),
    "asyncio.create_subprocess_exec": ("git.py",),
    "asyncio.start_server": (),
    "asyncio.open_connection": (),
    "sentence_transformers": ("index/store/embedder.py", "training/"),
    "torch": ("training/",),
    "tokenizers": ("index/store/embedder.py", "training/"),
    "gguf": ("training/",),
    "rensa": ("training/corpus/near_duplicates.py",),
    "sklearn": ("training/gate.py",),
    "rich": ("demo/", "index_commands.py"),
    "socket": ("server/serve.py",),
    "urllib.request": ("training/",),
    "http": (),
    "requests": (),
    "httpx": (),
}

# Imported inside the function that needs them, so that the server answers `initialize` before it loads any of them.
HEAVY = ("llama_cpp", "chromadb", "torch", "sentence_transformers", "transformers", "numpy")

# Run by hand, never by the server.
MAY_IMPORT_HEAVY = ("training/",)

MOST_LINES = 400


def test_the_package_keeps_its_architecture():
    assert violations(PACKAGE) == []


@pytest.mark.parametrize(
    ("file", "code", "complaint"),
    [
        ("errors.py", "from recoder_lsp import config", "errors must not import config"),
        ("engine/planted.py", "from recoder_lsp.index import wire", "engine must not import index"),
        ("index/planted.py", "from recoder_lsp.engine import llama", "index must not import engine"),
        ("index/planted.py", "def f():\n    asyncio.open_connection('x', 1)", "index/planted.py must not import asyncio.open_connection"),
        ("engine/planted.py", "from recoder_lsp.features.inline_completion import Request", "engine must not import features"),
        ("engine/planted.py", "def f():\n    import recoder_lsp.server.handlers", "engine must not import server"),
        ("features/planted.py", "from ..app import App", "features must not import app"),
        ("logs.py", "from recoder_lsp import privacy", "logs must not import privacy"),
        ("app.py", "from recoder_lsp.training import corpus", "app must not import training"),
        ("stranger.py", "", "stranger is not on any line"),
        ("features/planted.py", "def f():\n    from lsprotocol import types", "features/planted.py must not import lsprotocol"),
        ("engine/planted.py", "def f():\n    import llama_cpp.llama_cpp", "engine/planted.py must not import llama_cpp"),
        ("engine/planted.py", "def f():\n    importlib.import_module('chromadb')", "engine/planted.py must not import chromadb"),
        ("features/planted.py", "def f():\n    import urllib.request", "features/planted.py must not import urllib.request"),
        ("features/planted.py", "def f():\n    from urllib import request", "features/planted.py must not import urllib.request"),
        ("engine/llama.py", "import llama_cpp", "engine/llama.py imports llama_cpp at module level"),
        ("engine/planted.py", "try:\n    import numpy as np\nexcept ImportError:\n    np = None", "imports numpy at module level"),
        ("engine/planted.py", "cache = {}", "cache is mutable state at module level"),
        ("engine/planted.py", "seen: list[str] = list()", "seen is mutable state at module level"),
        ("engine/planted.py", "def f():\n    global total", "global total"),
        ("engine/planted.py", "import os", "does not say its job in its first line"),
        ("engine/planted.py", '"""Long."""\n' + "\n" * MOST_LINES, f"has more than {MOST_LINES} lines"),
    ],
)
def test_a_planted_violation_is_found(tmp_path, file, code, complaint):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(code)

    assert any(complaint in violation for violation in violations(tmp_path)), violations(tmp_path)


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("cli.py", '"""Its job."""\nfrom recoder_lsp import __version__, logs\n\n\ndef main():\n    from recoder_lsp import server'),
        ("server/planted.py", '"""Its job."""\nfrom lsprotocol import types\nfrom recoder_lsp.server.session import Session'),
        ("engine/llama.py", '"""Its job."""\n\n\ndef load():\n    import llama_cpp'),
        ("engine/planted.py", '"""Its job."""\nif TYPE_CHECKING:\n    import numpy as np\nLIMITS = {"a": 1}'),
        ("engine/__init__.py", ""),
        ("training/planted.py", '"""Its job."""\nimport torch'),
    ],
)
def test_what_is_allowed_is_not_reported(tmp_path, file, code):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(code)

    assert violations(tmp_path) == []


@dataclass(frozen=True)
class Import:
    """One imported module, by its full name, and whether importing the file imports it too."""

    module: str
    at_module_level: bool


def violations(package: Path) -> list[str]:
    """Every broken rule, as "file: what is wrong"."""
    found = []
    for path in sorted(package.rglob("*.py")):
        file = path.relative_to(package).as_posix()
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source, file)
        imports = list(_imports(tree, file))
        complaints = [*_against_lines(file, imports), *_against_doors(file, imports), *_against_state(tree), *_against_shape(tree, source)]
        found += [f"{file}: {complaint}" for complaint in complaints]
    return found


def _against_lines(file: str, imports: list[Import]) -> Iterator[str]:
    own = _room(file)
    heights = {room: height for height, line in enumerate(LINES) for room in line}
    if own == "__init__":
        # The package's own __init__ is imported before everything else.
        if any(used.module.startswith("recoder_lsp") for used in imports):
            yield "__init__ must not import any room"
        return
    if own not in heights:
        yield f"{own} is not on any line of LINES"
        return
    for used in imports:
        parts = used.module.split(".")
        # `from recoder_lsp import __version__` names no room.
        if parts[0] != "recoder_lsp" or len(parts) == 1 or parts[1] in (own, "__version__"):
            continue
        if parts[1] not in heights or heights[parts[1]] <= heights[own]:
            yield f"{own} must not import {parts[1]}"


def _against_doors(file: str, imports: list[Import]) -> Iterator[str]:
    for used in imports:
        for thing, allowed in DOORS.items():
            if _is_or_inside(used.module, thing) and not file.startswith(allowed):
                yield f"{file} must not import {thing}"
        for heavy in HEAVY:
            if used.at_module_level and _is_or_inside(used.module, heavy) and not file.startswith(MAY_IMPORT_HEAVY):
                yield f"{file} imports {heavy} at module level"


def _against_state(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield f"global {', '.join(node.names)}"
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _makes_something_mutable(node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            # A name in capitals is a constant by convention.
            for target in targets:
                if isinstance(target, ast.Name) and not target.id.isupper() and not target.id.startswith("__"):
                    yield f"{target.id} is mutable state at module level"


def _against_shape(tree: ast.Module, source: str) -> Iterator[str]:
    if source.strip() and not (ast.get_docstring(tree) or "").split("\n")[0]:
        yield "does not say its job in its first line"
    if source.count("\n") > MOST_LINES:
        yield f"has more than {MOST_LINES} lines"


def _imports(tree: ast.Module, file: str) -> Iterator[Import]:
    lazily = {node for outer in ast.walk(tree) if _runs_later(outer) for node in ast.walk(outer) if node is not outer}
    for node in ast.walk(tree):
        for module in _imported(node, file):
            yield Import(module, at_module_level=node not in lazily)


def _imported(node: ast.AST, file: str) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            base = module or ""
            if level:
                folders = ["recoder_lsp", *file.split("/")[:-1]]
                base = ".".join([*folders[: len(folders) - level + 1], *([module] if module else [])])
            return [f"{base}.{alias.name}" for alias in names]
        case ast.Attribute(value=ast.Name(id="asyncio"), attr=name):
            # Sockets and processes that need no import of their own.
            return [f"asyncio.{name}"]
        case ast.Call(
            func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__"), args=[ast.Constant(value=str(name)), *_]
        ):
            return [name]
    return []


def _runs_later(node: ast.AST) -> bool:
    """Whether what is inside does not run when the file is imported."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def _makes_something_mutable(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        name = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        return name in ("list", "dict", "set", "bytearray", "defaultdict", "deque", "Counter", "OrderedDict", "WeakValueDictionary")
    return isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp)


def _room(file: str) -> str:
    return file.split("/")[0].removesuffix(".py")


def _is_or_inside(module: str, thing: str) -> bool:
    return module == thing or module.startswith(thing + ".")
