"""Writes documentation into the source: anew, or what is missing into what is there."""

from __future__ import annotations

from recoder_lsp.features.actions.offering import Site
from recoder_lsp.features.declarations.declared import Declaration
from recoder_lsp.features.documentation.frames import Frame, content_of, rewritten
from recoder_lsp.features.documentation.parts import Part, Style, completed, missing
from recoder_lsp.features.edits import Edit


def may_be_documented(site: Site, declaration: Declaration) -> bool:
    """Whether there is a line for documentation: not where something else stands before it on its line."""
    start = site.tree.start(declaration.outer)
    return site.tree.language == "python" or not site.text[site.text.rfind("\n", 0, start) + 1 : start].strip()


def new_documentation(site: Site, declaration: Declaration, frame: Frame, lines: list[str]) -> Edit:
    """Return the edit that documents a declaration which has no documentation.

    Args:
        site: Where it is.
        declaration: It.
        frame: The marks around the documentation.
        lines: What it says.
    """
    if site.tree.language == "python":
        return _docstring(site, declaration, frame, lines)
    start = site.tree.start(declaration.outer)
    indentation = site.indentation_at(start)
    return Edit(start, start, f"{frame.written(lines, indentation)}\n{indentation}")


def missing_parts(site: Site, declaration: Declaration, style: Style, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Return the parts that the documentation of a declaration does not name."""
    return missing(_content(site, declaration), style, parts)


def completed_documentation(site: Site, declaration: Declaration, style: Style, parts: tuple[Part, ...]) -> Edit:
    """Return the edit that adds to existing documentation what is missing."""
    documentation = declaration.documentation
    assert documentation is not None
    raw = site.text[documentation.start : documentation.end]
    lines = completed(_content(site, declaration), style, parts)
    return Edit(documentation.start, documentation.end, rewritten(raw, lines, site.indentation_at(documentation.start)))


def _content(site: Site, declaration: Declaration) -> list[str]:
    documentation = declaration.documentation
    if documentation is None:
        return []
    return content_of(site.text[documentation.start : documentation.end], site.indentation_at(documentation.start))


def _docstring(site: Site, declaration: Declaration, frame: Frame, lines: list[str]) -> Edit:
    assert declaration.body is not None
    text, at = site.text, site.tree.offset_at(declaration.head_end)
    body = site.tree.start(declaration.body)
    line_end = text.find("\n", at)
    if not 0 <= line_end < body:
        indentation = site.indentation_at(site.tree.start(declaration.node)) + site.indentation
        return Edit(at, body, f"\n{indentation}{frame.written(lines, indentation)}\n{indentation}")
    indentation = site.indentation_at(body)
    at = line_end - 1 if text[line_end - 1] == "\r" else line_end
    # After the documentation of a class comes a blank line.
    below = "\n" if declaration.kind == "class" and text[line_end + 1 : text.find("\n", line_end + 1) + 1].strip() else ""
    return Edit(at, at, f"\n{indentation}{frame.written(lines, indentation)}{below}")
