"""Which style a file's documentation is in, as its own or its project's texts show it."""

from __future__ import annotations

import re

from recoder_lsp.features.documentation.frames import BLOCK, QUOTES, Frame, lines_of
from recoder_lsp.features.documentation.parts import Style
from recoder_lsp.features.documentation.sections import Google, NumPy, Rustdoc
from recoder_lsp.features.documentation.tags import AtTags, Sphinx

_GOOGLE = re.compile(r"^[ \t]*(?:Args|Arguments|Returns|Raises|Yields):[ \t]*\r?$", re.MULTILINE)
_NUMPY = re.compile(r"^[ \t]*(?:Parameters|Returns|Raises|Yields)[ \t]*\r?\n[ \t]*-{3,}", re.MULTILINE)
_SPHINX = re.compile(r"^[ \t]*:(?:param|returns?|raises?|rtype)\b", re.MULTILINE)
_GOOGLE_TYPE = re.compile(r"^[ \t]+\*{0,2}\w+ \([^()\n]+\):", re.MULTILINE)
_SPHINX_TYPE = re.compile(r"^[ \t]*:type \w+:", re.MULTILINE)
_JSDOC_TYPE = re.compile(r"@(?:param|returns?)\s+\{")
_JSDOC_HYPHEN = re.compile(r"@param\s+(?:\{[^}\n]*\}+\s+)?[\w$.\[\]=]+ - ")
_JSDOC_NO_HYPHEN = re.compile(r"@param\s+(?:\{[^}\n]*\}+\s+)?[\w$.\[\]=]+ [^-\s]")
_DOXYGEN_BACKSLASH = re.compile(r"\\(?:param|return|brief)\b")
_DOXYGEN_LINES = re.compile(r"^[ \t]*(///|//!)(?!/)", re.MULTILINE)
_DOXYGEN_BLOCK = re.compile(r"^[ \t]*/\*[*!]", re.MULTILINE)
# 1 ms.
_LONGEST_SAMPLE = 40_000


def style_of(language: str, sample: str, step: str = "    ") -> Style | None:
    """Return the style that texts are documented in; None where they do not show any. `language` is the grammar's."""
    sample = sample[:_LONGEST_SAMPLE]
    if language == "python":
        counts = [
            (len(_GOOGLE.findall(sample)), "google"),
            (len(_NUMPY.findall(sample)), "numpy"),
            (len(_SPHINX.findall(sample)), "sphinx"),
        ]
        most, name = max(counts, key=lambda each: each[0])
        if not most:
            return None
        if name == "google":
            return Google(step, typed=_GOOGLE_TYPE.search(sample) is not None)
        return NumPy(step) if name == "numpy" else Sphinx(typed=_SPHINX_TYPE.search(sample) is not None)
    if "script" in language:
        return _jsdoc(sample) if re.search(r"@(?:param|returns?)\b", sample) else None
    return usual_style(language, step) if language not in ("c", "cpp") else _doxygen(sample)


def usual_style(language: str, step: str = "    ") -> Style:
    """Return the style for a language where nothing shows another one."""
    if language == "python":
        return Google(step)
    if "script" in language:
        return _jsdoc("")
    return Rustdoc() if language == "rust" else AtTags(type_parameter="@tparam {name} {todo}") if language in ("c", "cpp") else AtTags()


def frame_for(language: str, sample: str) -> Frame:
    """Return how documentation is set apart from code in a file: as most of it is."""
    if language == "python":
        return QUOTES
    if language in ("go", "rust"):
        return lines_of("//" if language == "go" else "///")
    if language in ("c", "cpp"):
        marks = _DOXYGEN_LINES.findall(sample[:_LONGEST_SAMPLE])
        if marks and not _DOXYGEN_BLOCK.search(sample[:_LONGEST_SAMPLE]):
            return lines_of(marks[0])
    return BLOCK


def _jsdoc(sample: str) -> AtTags:
    kind = "{{{type}}} " if _JSDOC_TYPE.search(sample) else ""
    hyphen = "" if _JSDOC_NO_HYPHEN.search(sample) and not _JSDOC_HYPHEN.search(sample) else "- "
    return AtTags(
        parameter=f"@param {kind}{{name}} {hyphen}{{todo}}",
        type_parameter="@template {name} {todo}",
        returns=f"@returns {kind}{{todo}}",
        yields=f"@yields {kind}{{todo}}",
        raises="@throws {{{name}}} {todo}",
    )


def _doxygen(sample: str) -> AtTags | None:
    if not re.search(r"[@\\](?:param|returns?|brief)\b", sample):
        return None
    mark = "\\" if _DOXYGEN_BACKSLASH.search(sample) else "@"
    return AtTags(
        f"{mark}param {{name}} {{todo}}", f"{mark}tparam {{name}} {{todo}}", f"{mark}return {{todo}}", "", f"{mark}throws {{name}} {{todo}}"
    )
