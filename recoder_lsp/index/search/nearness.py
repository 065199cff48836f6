"""What speaks for one of several definitions of a name: where it stands, what encloses it, how the file at hand uses it."""

from __future__ import annotations

import re

from recoder_lsp.index.records import Kind, Reference
from recoder_lsp.index.search.modules import JAVASCRIPT, may_be_module
from recoder_lsp.index.words import split_identifier

MEMBERS = frozenset({Kind.METHOD, Kind.FIELD, Kind.PROPERTY, Kind.ENUM_MEMBER, Kind.CONSTRUCTOR})
# In these a method's own object is named where it is used, so that a bare name is never a field.
OBJECT_IS_NAMED = frozenset({"python", "go", "rust", "php", "ruby", "lua"}) | JAVASCRIPT
# In these a bare name comes from the file itself or from an import that names it.
IMPORTS_NAME_BY_NAME = frozenset({"python"}) | JAVASCRIPT

# What a method calls its own object.
OWN_OBJECT = frozenset({"self", "this", "cls", "super", "Self"})


_IN_TESTS = re.compile(r"(^|/)(tests?|specs?|__tests__|testing|testdata|fixtures)/|(^|/)test_[^/]*$|[._-](test|spec)\.[^/]*$|_test\.[^/]*$")


def resembles(receiver: str, class_name: str) -> bool:
    """Whether a variable is named like a class: `parser` or `json_parser` for Parser, `parser` for JsonParser too."""
    ours, theirs = split_identifier(receiver), split_identifier(class_name)
    shorter = min(len(ours), len(theirs))
    return bool(shorter) and ours[-shorter:] == theirs[-shorter:]


def is_telling(name: str) -> bool:
    """Whether a word looks like a name rather than like a word of a sentence or a local variable."""
    return "_" in name.strip("_") or any(letter.isdigit() for letter in name) or name != name.lower()


def is_inside(qualified_name: str, outer: str) -> bool:
    return qualified_name.startswith(outer + ".")


def is_module_of(use: Reference, path: str, importer: str, language: str) -> bool:
    """Whether the imported thing is this file as a whole: `import a.b`, `from a import b`, `import * as b from "./b"`."""
    modules = [use.module, f"{use.module.rstrip('.')}.{use.name}" if use.module.strip(".") else f"{use.module}{use.name}"]
    return any(may_be_module(module, path, importer, language) for module in modules)


def is_whole_module(use: Reference, language: str) -> bool:
    """Whether the import is of a module and of nothing in it: `import numpy as np`, where such a name is no variable's too."""
    return language in IMPORTS_NAME_BY_NAME and use.module.rpartition(".")[2] == use.name


def in_same_folder(one: str, other: str) -> bool:
    return one.rpartition("/")[0] == other.rpartition("/")[0]


def n_common_folders(one: str, other: str) -> int:
    n_common = 0
    for ours, theirs in zip(one.split("/")[:-1], other.split("/")[:-1], strict=False):
        if ours != theirs:
            break
        n_common += 1
    return n_common


def is_in_tests(path: str) -> bool:
    return _IN_TESTS.search(path) is not None
