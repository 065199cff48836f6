"""Which files are not source code that a person wrote: judged by name, then by content."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from enum import StrEnum

from recoder_lsp.privacy import SECRET_FOLDERS, SECRET_NAMES, is_secret_path


class Reason(StrEnum):
    """Why a file is not in the index, in words for people."""

    IGNORED = "ignored by .gitignore or .recoderignore"
    EXCLUDED = "excluded by a setting"
    VENDORED = "third-party code or build output"
    SECRET = "may hold secrets"
    TOO_LARGE = "too large"
    BINARY = "not text"
    MINIFIED = "minified"
    GENERATED = "generated"
    NOT_TEXT = "in an unknown encoding"
    LINK = "a symbolic link"
    UNREADABLE = "cannot be read"


# Folders of version control: never entered, never counted.
CONTROL_FOLDERS = frozenset({".git", ".hg", ".svn", ".bzr", ".jj", "_darcs", "CVS"})

# Folders that hold nothing but what tools put there, whatever stands around them.
TOOL_FOLDERS = frozenset(
    {
        *("node_modules", "bower_components", "jspm_packages", "site-packages", "third_party", "third-party", "__pycache__"),
        *(".tox", ".nox", ".venv", ".eggs", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".ipynb_checkpoints"),
        *(".gradle", ".mvn", ".terraform", ".next", ".nuxt", ".svelte-kit", ".parcel-cache", ".turbo", ".yarn", ".pnpm-store"),
        *(".dart_tool", ".stack-work", ".bloop", ".metals", ".bundle", ".cache", ".recoder", "Pods", "Carthage", "__snapshots__"),
    }
)
# Folders of any name with one of these files in them.
TOOL_FOLDER_MARKERS = ("CACHEDIR.TAG", "pyvenv.cfg")
# Names that people give to their own folders too: third-party code or output only with one of these inside, or beside them.
SUSPECT_FOLDERS = {
    "vendor": (("modules.txt", "autoload.php", "bundle"), ("go.mod", "composer.json", "Gemfile")),
    "dist": ((), ("package.json", "setup.py", "pyproject.toml", "dist-newstyle")),
    "target": ((".rustc_info.json",), ("Cargo.toml", "pom.xml", "build.sbt")),
    "build": (("CMakeCache.txt", "bdist.linux-x86_64", "intermediates"), ("build.gradle", "build.gradle.kts")),
    "deps": ((), ("mix.exs",)),
    "_build": ((), ("mix.exs", "dune-project")),
    "obj": (("project.assets.json",), ()),
    "zig-out": ((), ("build.zig",)),
}

BINARY_ENDINGS = frozenset(
    {
        *("png", "jpg", "jpeg", "gif", "bmp", "ico", "icns", "webp", "avif", "heic", "tif", "tiff", "psd", "xcf", "ai", "eps"),
        *("sketch", "fig", "blend", "fbx", "glb"),
        *("mp3", "mp4", "m4a", "m4v", "wav", "flac", "ogg", "oga", "opus", "avi", "mov", "mkv", "webm", "wmv", "flv", "aac"),
        *("mid", "midi"),
        *("zip", "gz", "tgz", "bz2", "xz", "zst", "lz4", "7z", "rar", "tar", "jar", "war", "ear", "whl", "egg", "apk", "aab"),
        *("ipa", "deb", "rpm", "dmg", "iso", "cab", "crate", "gem", "nupkg", "vsix"),
        *("ttf", "otf", "woff", "woff2", "eot", "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "odp", "epub"),
        *("mobi", "djvu"),
        *("o", "a", "so", "dylib", "dll", "exe", "lib", "obj", "pdb", "class", "pyc", "pyo", "pyd", "elc", "beam", "wasm", "bc"),
        *("rlib", "rmeta", "hi", "node", "bin", "dat", "img"),
        *("db", "sqlite", "sqlite3", "mdb", "rdb", "parquet", "feather", "arrow", "orc", "avro", "npy", "npz", "pkl", "pickle"),
        *("joblib", "h5", "hdf5", "mat", "rds"),
        *("onnx", "pt", "pth", "ckpt", "safetensors", "gguf", "ggml", "tflite", "pb", "mo", "swp", "swo", "lockb"),
    }
)
# Files that tools write next to the code.
GENERATED_NAMES = frozenset(
    {
        *("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "deno.lock", "cargo.lock"),
        *("poetry.lock", "uv.lock", "pdm.lock", "pipfile.lock", "pixi.lock", "conda-lock.yml", "go.sum", "go.work.sum"),
        *("composer.lock", "gemfile.lock", "mix.lock", "rebar.lock", "pubspec.lock", "podfile.lock", "cartfile.resolved"),
        *(
            "package.resolved",
            "packages.lock.json",
            "flake.lock",
            "gradle.lockfile",
            "conan.lock",
            "stack.yaml.lock",
            "cabal.project.freeze",
        ),
    }
)
GENERATED_NAME_ENDINGS = (
    *(".snap", ".map", "_pb2.py", "_pb2.pyi", "_pb2_grpc.py", ".pb.go", ".pb.cc", ".pb.h", ".pb.swift", ".g.dart", ".freezed.dart"),
    *(".designer.cs", ".g.cs", ".g.i.cs", "_string.go.golden"),
)
MINIFIED_NAME_ENDINGS = (".min.js", ".min.mjs", ".min.cjs", ".min.css", "-min.js", "-min.css", ".min.html")

# What is data more often than code is worth indexing only while it is small.
DATA_ENDINGS = frozenset({"csv", "tsv", "svg", "json", "jsonl", "ndjson", "geojson", "topojson", "xml", "log"})
MAX_DATA_BYTES = 100_000

PROSE_ENDINGS = frozenset({"md", "markdown", "mdx", "txt", "rst", "adoc", "asciidoc", "org", "tex"})
LONG_LINE = 1_000
LONG_PROSE_LINE = 10_000
# People break lines near 100 characters. What is shorter than a page is not worth refusing.
LONG_AVERAGE_LINE = 250
SHORT_TEXT = 3_000

HEAD_CHARACTERS = 1_500


def is_tool_folder(name: str, is_there: Callable[[str], bool]) -> bool:
    """Whether a folder holds third-party code or build output.

    Args:
        is_there: whether the folder has something of this name in it ("pyvenv.cfg") or beside it ("../go.mod").
    """
    if name in TOOL_FOLDERS or name.endswith((".egg-info", ".dist-info", ".xcodeproj", ".xcassets")):
        return True
    inside, beside = SUSPECT_FOLDERS.get(name, ((), ()))
    return any(map(is_there, (*TOOL_FOLDER_MARKERS, *inside))) or any(is_there(f"../{marker}") for marker in beside)


def is_secret_folder(name: str) -> bool:
    """Whether nothing in a folder of this name may be read."""
    return name.lower() in SECRET_FOLDERS


def is_secret_name(name: str) -> bool:
    """What `privacy.is_secret_path` says to a file name, asked quickly: most names are cleared by a single expression."""
    return _SECRET_SUSPECT.fullmatch(name.lower()) is not None and is_secret_path(name)


def judge_name(name: str) -> Reason | None:
    """Why a file of this name is no source code; None for no reason. Secrets are asked about elsewhere."""
    lower = name.lower()
    if lower.endswith(MINIFIED_NAME_ENDINGS):
        return Reason.MINIFIED
    if lower in GENERATED_NAMES or lower.endswith(GENERATED_NAME_ENDINGS):
        return Reason.GENERATED
    return Reason.BINARY if _ending(lower) in BINARY_ENDINGS and "." in lower else None


def most_bytes(name: str, max_file_bytes: int) -> int:
    """How large a file of this name may be."""
    return min(max_file_bytes, MAX_DATA_BYTES) if _ending(name.lower()) in DATA_ENDINGS else max_file_bytes


def holds_private_key(text: str) -> bool:
    """Whether there is a private key in it; a line that only speaks of one has no key behind it."""
    return "PRIVATE KEY" in text and _PRIVATE_KEY.search(text) is not None


def judge_text(name: str, text: str) -> Reason | None:
    """Why nobody wrote this text by hand; None for no reason."""
    head = text[:HEAD_CHARACTERS]
    first_code = _FIRST_CODE.search(head)
    if _is_generated(head[: first_code.start()] if first_code else head):
        return Reason.GENERATED
    return Reason.MINIFIED if _is_minified(text, prose=_ending(name.lower()) in PROSE_ENDINGS) else None


def _is_generated(head: str) -> bool:
    return _GENERATED_HINT.search(head) is not None and _GENERATED.search(head) is not None


def _is_minified(text: str, *, prose: bool) -> bool:
    """More than half of it in lines that nobody reads, or lines that are long throughout."""
    if len(text) <= SHORT_TEXT:
        return False
    if not prose and len(text) > LONG_AVERAGE_LINE * (text.count("\n") + 1):
        return True
    longest = LONG_PROSE_LINE if prose else LONG_LINE
    return 2 * sum(length for line in text.split("\n") if (length := len(line)) > longest) > len(text)


def _ending(lower_name: str) -> str:
    return lower_name.rpartition(".")[2]


_SECRET_SUSPECT = re.compile("|".join(fnmatch.translate(pattern) for pattern in SECRET_NAMES))
# The label of the key, at most a few headers, quotes and line ends as a program's text may have them, then the key itself.
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?s:.{0,400}?)[A-Za-z0-9+/=]{40}")
# Below it, such words are those of a program that generates others.
_FIRST_CODE = re.compile(r"(?m)^(?:import|from|use|using|require|#include|def|class|func|function|fn|const|let|var) ")
_GENERATED_HINT = re.compile(r"(?i)generated|do not edit")
# Tools say it of the file itself, at the start of a comment's line. A sentence about generating something else has more before it.
_GENERATED = re.compile(
    r"""(?imx)
    ^ \W{0,20} @generated \b
    | ^ \W{0,20} <auto-?generated
    | \b code \s generated \b .{0,200} \b do \s not \s edit
    | \b generated \b [^\n]{0,200} \n? [^\n]{0,200} \b do \s not \s (?:edit|modify|change) \b
    | \b do \s not \s (?:edit|modify|change) \b [^\n]{0,200} \n? [^\n]{0,200} \b generated \b
    | ^ [^\w\n]{0,20} (?:this|the) \s (?:file|code|module|source|class|document) \s (?:was|is|has \s been)
      \s (?:auto-?(?:matically)? [ -]?)? generated \b
    | ^ [^\w\n]{0,20} (?:auto-?generated|automatically \s generated|generated \s automatically|generated \s by) \b
    """
)
