"""What a refactoring makes of a marked text; run as a module it writes the outcomes in refactoring_cases.toml anew, to be read."""

import importlib
import re
import tomllib
from pathlib import Path

from recoder_lsp.document import Snapshot
from recoder_lsp.features.actions.offering import Offer, Site
from recoder_lsp.features.edits import applied, require_sound
from recoder_lsp.index.syntax.parser import Parser

CASES = Path(__file__).with_name("refactoring_cases.toml")
PARSER = Parser(for_outlines=False)


def cases() -> list[tuple[str, dict[str, str]]]:
    """(action, case) of the file."""
    return [(action, case) for action, cases in tomllib.loads(CASES.read_text("utf-8")).items() for case in cases]


def site_of(language: str, marked: str) -> Site:
    """The site that a text shows: what stands between two `▮`, or the caret at one."""
    before, *rest = marked.split("▮")
    start, text = len(before), marked.replace("▮", "")
    end = start + len(rest[0]) if len(rest) > 1 else start
    tree = PARSER.tree(text, language)
    assert tree is not None
    return Site(Snapshot("file:///work/a", language, text, 1), start, end, tree)


def offers_of(action: str, site: Site) -> list[Offer]:
    return list(importlib.import_module(f"recoder_lsp.features.actions.{action}").offers(site))


def outcome(action: str, language: str, marked: str) -> dict[str, str]:
    """{"offered": title} with "after" or "command", or {"refused": reason}, or nothing where nothing is offered."""
    site = site_of(language, marked)
    offers = offers_of(action, site)
    if not offers:
        return {}
    (offer,) = offers
    if offer.disabled:
        return {"refused": offer.disabled}
    if offer.change is None:
        return {"offered": offer.title, "command": offer.command}
    edits = offer.change().edits
    require_sound(PARSER, language, site.text, edits)
    return {"offered": offer.title, "after": applied(site.text, edits)}


def _written(value: str) -> str:
    """A text as TOML writes it."""
    if "\n" not in value:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if "'''" in value:
        return '"""\n' + value.replace("\\", "\\\\").replace('"""', '""\\"') + '"""'
    return f"'''\n{value}'''"


def main() -> None:
    head = re.match(r"(?:#.*\n)*", CASES.read_text("utf-8"))
    lines = [head[0].rstrip() if head else ""]
    for action, case in cases():
        given = {key: case[key] for key in ("language", "title", "before")}
        given |= outcome(action, case["language"], case["before"])
        lines += ["", f"[[{action}]]", *(f"{key} = {_written(value)}" for key, value in given.items())]
    CASES.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
