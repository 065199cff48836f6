"""Adds the import that a name needs: from the workspace, as other files have it, or from the standard library."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import takewhile
from typing import Any

from recoder_lsp.features.actions.imports import go
from recoder_lsp.features.actions.imports.adding import addition
from recoder_lsp.features.actions.imports.dialects import DIALECTS
from recoder_lsp.features.actions.imports.standard_library import has_member, standard_sources
from recoder_lsp.features.actions.imports.wanted import Wanted, wanted_names
from recoder_lsp.features.actions.offering import Offer, Site
from recoder_lsp.features.edits import Change, Edit
from recoder_lsp.features.imports import Target
from recoder_lsp.index.process import wire
from recoder_lsp.index.process.workspace import Workspace
from recoder_lsp.index.records import Kind, Location
from recoder_lsp.index.search.modules import rust_module_of
from recoder_lsp.index.search.nearness import in_same_folder, is_in_tests
from recoder_lsp.language import gettext

MOST_NAMES, MOST_OFFERS = 4, 6
INDEX_WAIT_S = 0.25


@dataclass(frozen=True)
class Candidate:
    """Something that could be imported under the name that is missing."""

    target: Target
    title: str
    n_files: int = 0
    """How many other files import just this."""
    is_doubtful: bool = False
    """Whether anything else is likelier."""


async def offers(site: Site, workspace: Workspace) -> list[Offer]:
    """Return for each name that is missing at the site the imports that would bring it, the likeliest first and preferred."""
    if site.tree.language not in DIALECTS:
        return []
    found: list[Offer] = []
    place = workspace.place_of(site.snapshot.uri)
    path = place[1] if place is not None else site.snapshot.path.rpartition("/")[2]
    for wanted in wanted_names(site)[:MOST_NAMES]:
        params = {"language": site.language, "name": wanted.name, "spelled": _spelled(site, wanted.name)}
        answer = await workspace.ask(site.snapshot.uri, "importable", params, timeout_s=INDEX_WAIT_S)
        found += _offers_for(site, wanted, path, answer if isinstance(answer, dict) else {})
    return found


def _offers_for(site: Site, wanted: Wanted, path: str, answer: dict[str, Any]) -> list[Offer]:
    definitions = [
        (wire.location_of(location), module, exported)
        for each in answer.get("definitions", ())
        for location, module, exported in [(each["location"], each["module"], each["exported"])]
    ]
    if site.tree.language == "go" and any(in_same_folder(path, location.path) for location, _, _ in definitions):
        # The name is one of the package's own.
        return []
    candidates = list(_imported(site, wanted, answer.get("imports", ())))
    candidates += _defined(site, wanted, path, definitions)
    candidates += _modules(wanted, answer.get("modules", ()))
    candidates += _standard(site, wanted)
    made = dict[Edit, Offer]()
    for candidate in sorted(_merged(candidates), key=partial(_rank, path)):
        if len(made) == MOST_OFFERS:
            break
        edit = addition(site.tree, site.language, path, candidate.target)
        if edit is not None and edit not in made:
            made[edit] = _offer(wanted, candidate, edit, is_preferred=not made)
    return list(made.values())


def _offer(wanted: Wanted, candidate: Candidate, edit: Edit, *, is_preferred: bool) -> Offer:
    target = candidate.target
    return Offer(
        id=f"import.add:{target.module or target.path}:{target.name}:{target.alias}",
        title=candidate.title,
        kind="quickfix",
        change=partial(Change, (edit,)),
        is_preferred=is_preferred,
        fixes=wanted.fixes,
    )


def _imported(site: Site, wanted: Wanted, imports: Iterable[dict[str, Any]]) -> Iterator[Candidate]:
    """What other files of the workspace import."""
    for each in imports:
        module, name, alias, exported = each["module"], each["name"], each["alias"], each["exported"]
        if site.tree.language == "go":
            if alias or wanted.name in go.package_names(module):
                yield Candidate(Target("", "", module, alias=alias), _title(f'"{module}"{_as(alias)}'), each["n_files"])
        elif site.tree.language == "rust":
            # `use a;` comes as a from a, and brings what is known anyway.
            if name != module:
                yield Candidate(Target("", name, module, alias=alias), _title(f"{module}::{name}{_as(alias)}"), each["n_files"])
        elif site.language == "python" and exported == "namespace":
            # Others may say `import a.b`, which makes a known, not b.
            if not wanted.is_called and (alias or "." not in module):
                yield Candidate(Target("", "", module, alias=alias), _title(f"{module}{_as(alias)}"), each["n_files"])
        elif site.language == "python":
            yield Candidate(Target("", name, module, alias=alias), _title(f"{name}{_as(alias)}", module), each["n_files"])
        else:
            known_as = wanted.name if exported == "namespace" else name
            target = Target("", known_as, module, exported, alias if exported == "named" else "")
            yield Candidate(target, _title(known_as, f'"{module}"'), each["n_files"])


def _defined(site: Site, wanted: Wanted, path: str, definitions: Sequence[tuple[Location, str, str]]) -> Iterator[Candidate]:
    """What the workspace defines."""
    for location, module, exported in definitions:
        # A variable that nobody imports is as likely one that many files have: `log = ...`.
        is_doubtful = location.symbol.kind is Kind.VARIABLE or (is_in_tests(location.path) and not is_in_tests(path))
        if site.tree.language == "rust":
            module = rust_module_of(location.path, path) if location.symbol.signature.startswith("pub") else ""
            target, title = Target("", wanted.name, module), _title(f"{module}::{wanted.name}")
        elif site.language == "python":
            target, title = Target(location.path, wanted.name, module), _title(wanted.name, module)
        else:
            target, title = Target(location.path, wanted.name, "", exported or "named"), _title(wanted.name, location.path)
        if module or exported:
            yield Candidate(target, title, 0, is_doubtful)


def _modules(wanted: Wanted, modules: Iterable[str]) -> Iterator[Candidate]:
    """Modules of the workspace, which nobody calls."""
    for module in modules if not wanted.is_called else ():
        package, _, name = module.rpartition(".")
        title = _title(name, package)
        yield Candidate(Target("", name if package else "", package or module), title)


def _standard(site: Site, wanted: Wanted) -> Iterator[Candidate]:
    """What the standard library has; a module is not meant where it is called, and else where what is used of it is in it."""
    sources = standard_sources(site.tree.language, wanted.name)
    if site.language == "python":
        sources = [source for source in sources if source.name or not wanted.is_called]
        if wanted.member and not any(not source.name and has_member(source.module, wanted.member) for source in sources):
            sources.sort(key=lambda source: not source.name)
    for source in sources:
        target = Target("", source.name, source.module)
        if site.tree.language == "go":
            yield Candidate(target, _title(f'"{source.module}"'))
        elif site.tree.language == "rust":
            yield Candidate(target, _title(f"{source.module}{'::' if source.name else ''}{source.name}"))
        else:
            yield Candidate(target, _title(source.name, source.module) if source.name else _title(source.module))


def _rank(path: str, candidate: Candidate) -> tuple[bool, int, int, int]:
    """What most files import comes first; of equals what is nearest, and the package that passes a name on."""
    is_known, module = candidate.n_files > 0, candidate.target.module
    around = path.split("/")[:-1]
    n_common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(re.split(r"\.|::|/", module), around, strict=False)))
    return (candidate.is_doubtful, -candidate.n_files, -n_common if is_known else 0, module.count(".") if is_known else 0)


def _merged(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """One for each thing to be imported: what is defined and what others import add up to one."""
    kept = dict[tuple[str, str, str], Candidate]()
    for each in candidates:
        key = (each.target.module or each.target.path, each.target.name, each.target.alias)
        before = kept.get(key)
        kept[key] = each if before is None else replace(each, n_files=before.n_files, is_doubtful=before.is_doubtful)
    yield from kept.values()


def _spelled(site: Site, name: str) -> list[str]:
    """As what paths of Go may end whose package has this name."""
    if site.tree.language != "go":
        return []
    return [f"go-{name}", f"{name}-go", *(f"{name}.v{number}" for number in range(1, 5)), *(f"v{number}" for number in range(2, 7))]


def _title(name: str, source: str = "") -> str:
    return (gettext("Import {name} from {source}") if source else gettext("Import {name}")).format(name=name, source=source)


def _as(alias: str) -> str:
    return f" as {alias}" if alias else ""
