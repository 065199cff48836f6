"""Which dialect of imports a language has."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from recoder_lsp.features.actions.imports import go, javascript, python, rust
from recoder_lsp.features.actions.imports.statements import Dialect

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "python": python.DIALECT,
        "javascript": javascript.DIALECT,
        "javascriptreact": javascript.DIALECT,
        "typescript": javascript.DIALECT,
        "typescriptreact": javascript.DIALECT,
        "go": go.DIALECT,
        "rust": rust.DIALECT,
    }
)
"""By the language of the syntax tree."""
