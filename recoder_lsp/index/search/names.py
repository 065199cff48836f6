"""What the workspace knows of a name: where it is defined, what it is called with, what may be meant by a few letters.

For the search thread of the index process. Every method is answered under its own name over the wire ("symbols", "outline",
"describe", "definition", "completions"), and takes the parameters that it has here; the answer is an object of records, which `wire` can
carry, and its "stale" lists the paths whose text is not what was indexed. Nothing that is returned as a definition is older
than the text: see `_as_it_is_now`.
"""

from __future__ import annotations

import dataclasses
import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Literal

from recoder_lsp import privacy
from recoder_lsp.index.files.decoding import with_plain_breaks
from recoder_lsp.index.hashes import hash_of_file
from recoder_lsp.index.records import Kind, Location, Reference, Span, Symbol
from recoder_lsp.index.search.facts import FactFinder
from recoder_lsp.index.search.matching import Fit, fit_of
from recoder_lsp.index.search.modules import JAVASCRIPT, exported_as, may_be_module, python_module_of, usual_module
from recoder_lsp.index.search.name_completions import completions_of
from recoder_lsp.index.search.nearness import (
    IMPORTS_NAME_BY_NAME,
    MEMBERS,
    OBJECT_IS_NAMED,
    OWN_OBJECT,
    in_same_folder,
    is_in_tests,
    is_inside,
    is_module_of,
    is_telling,
    is_whole_module,
    n_common_folders,
    resembles,
)
from recoder_lsp.index.search.related import same_family
from recoder_lsp.index.search.texts import CheckedTexts
from recoder_lsp.index.store.manifest_reading import ManifestReader
from recoder_lsp.index.syntax.outlines import outline_of
from recoder_lsp.index.syntax.parser import Parser

Encoding = Literal["utf-8", "utf-16", "utf-32"]

MOST_SYMBOLS = 200
# Candidates that are looked at, for each that is wanted: some have changed since, some are worth less than their names.
OVERFETCHED = 3
MOST_DEFINITIONS, MOST_USES = 50, 200
REMEMBERED_OUTLINES = 4
# With more of them, a member of something unknown is as likely none of them.
FEW_DEFINITIONS = 2

_WORD = re.compile(r"\w+")
_ODD_UNITS = {"utf-16": 2, "utf-32": 4}


class Names:
    """Answers from a manifest, checked with the texts. For one thread."""

    def __init__(self, manifest: ManifestReader, text_of: Callable[[str], str | None], parser: Parser) -> None:
        """Prepare to answer.

        Args:
            manifest: A reader of its own or shared.
            text_of: Gives the text of a file or open buffer, None when there is none any more.
            parser: The thread's own, for files that have changed since they were indexed.
        """
        self._manifest, self._text_of, self._parser = manifest, text_of, parser
        self._facts = FactFinder(manifest, text_of, parser)
        self._outlines: OrderedDict[tuple[str, str, str], list[Symbol]] = OrderedDict()
        self._stale: set[str] = set()

    def symbols(self, query: str, limit: int = MOST_SYMBOLS, encoding: Encoding = "utf-8") -> dict[str, Any]:
        """Definitions whose names are like the query, best first: {"symbols": [Location]}; nothing for an empty query.

        Args:
            query: Letters of a name; with what encloses it ("Class.method") only names inside of such are found.
            limit: At most so many, and never more than 200.
            encoding: What columns of the results count: bytes, or the units of this encoding.
        """
        *outer, wanted = re.split(r"\.|::|#", query.strip())
        limit = min(limit, MOST_SYMBOLS)
        if not wanted or limit <= 0:
            return self._with_stale({"symbols": []})
        found = self._manifest.symbols_like(wanted, limit * OVERFETCHED)
        # Of each name that is like the query there are some; of the very name all are wanted.
        exact = {wanted, *(location.symbol.name for location in found if location.symbol.name.lower() == wanted.lower())}
        found = list(dict.fromkeys([*self._manifest.symbols_named(sorted(exact), limit * OVERFETCHED), *found]))
        around = ".".join(part for part in outer if part).lower()
        if around:
            found = [location for location in found if around in location.symbol.qualified_name.lower().rpartition(".")[0]]
        # Sorting is stable: what the manifest thinks better comes first among equals.
        found.sort(key=lambda location: (_worth(wanted, location.symbol.name), is_in_tests(location.path)))
        texts = _Texts(self._text_of)
        kept: list[Location] = []
        for location in found:
            if len(kept) >= limit:
                break
            if texts.still_names(location):
                kept.append(dataclasses.replace(location, symbol=texts.with_columns(location, encoding)))
        self._stale |= texts.stale
        return self._with_stale({"symbols": kept})

    def outline(self, path: str, language: str = "", text: str | None = None) -> list[Symbol]:
        """The symbols of a text, enclosing ones first; of the file as it is now where no text is given. See `outlines.outline_of`."""
        text = self._text_of(path) if text is None else text
        if not text:
            return []
        # Outline, lenses and chat ask for the same one: after a key, one after the other.
        key = (path, language, hash_of_file(text.encode("utf-8", "surrogatepass")))
        if key not in self._outlines:
            self._outlines[key] = outline_of(self._parser, path, language, text)
            if len(self._outlines) > REMEMBERED_OUTLINES:
                self._outlines.popitem(last=False)
        return self._outlines[key]

    def describe(
        self,
        path: str,
        language: str,
        name: str,
        line: int,
        column: int,
        receiver: str = "",
        in_code: bool = True,
        limit: int = 3,
        with_facts: bool = False,
    ) -> dict[str, Any]:
        """What a name at a place of a file means: {"locations": [Location], "n_more": int, "facts": Facts or None}, best first.

        Args:
            path: The file with the name.
            language: Its language; only definitions that may be used from there count.
            name: The word.
            line: Where it stands.
            column: Where it begins, in bytes.
            receiver: The word before the dot before it; "?" for something that is no word; "" where there is no dot.
            in_code: False inside a comment or a text, where most words are just words.
            limit: At most so many locations; `n_more` counts the others.
            with_facts: Also say what is known of the first of them.
        """
        imports = self._manifest.imports_of(path)
        imported = next((use for use in imports if name == (use.alias or use.name)), None)
        wanted = imported.name if imported else name
        found = [
            location
            for location in self._manifest.symbols_named([wanted], MOST_DEFINITIONS)
            if location.symbol.kind is not Kind.HEADING and same_family(location.language, language)
        ]
        around = self._around(path, line)
        place = _PlaceOfName(path, language, name, line, column, receiver, in_code, imports, imported, around, len(found))
        ranked = sorted((rank, i) for i, location in enumerate(found) if (rank := place.rank(location)) is not None)
        shown: list[Location] = []
        n_gone = 0
        for _, i in ranked:
            if len(shown) >= limit:
                break
            current = self._as_it_is_now(found[i])
            if current is None:
                n_gone += 1
            else:
                shown.append(current)
        facts = None
        if with_facts and shown:
            facts, stale = self._facts.of(shown[0])
            self._stale |= stale
        return self._with_stale({"locations": shown, "n_more": len(ranked) - len(shown) - n_gone, "facts": facts})

    def definition(
        self, path: str, language: str, target: str, qualified_name: str, with_facts: bool = False, with_body: bool = True
    ) -> dict[str, Any]:
        """One definition, with how a file may import it: {"location": Location or None, "module": str, "exported": str}.

        Args:
            path: The file that would import it.
            language: That file's.
            target: The file that defines it.
            qualified_name: What it defines.
            with_facts: Also say what is known of it, as "facts": Facts or None.
            with_body: Of that also what its body does.

        Returns:
            No location if it is gone. `module` is the dotted name for an import in Python, "" where there is none; `exported` says how
            JavaScript imports it: "named", "default", or "" for not at all.
        """
        answer = self._definition(path, language, target, qualified_name)
        if with_facts and answer["location"] is not None:
            answer["facts"], stale = self._facts.of(answer["location"], with_body=with_body)
            self._stale |= stale
        return self._with_stale(answer)

    def completions(
        self, path: str, language: str, typed: str, line: int, receiver: str = "", limit: int = 50, n_detailed: int = 0
    ) -> dict[str, Any]:
        """Names that may be meant, best first: {"items": [{"location": Location, "tier": int, "detail": see `definition`, or None}]}.

        Args:
            path: The file with the caret.
            language: Its language; only names of its family are found.
            typed: What there is of the word; may be empty behind a dot.
            line: Where the caret is.
            receiver: The word before the dot; "?" for something that is no word; "" where there is no dot.
            limit: At most so many.
            n_detailed: The first so many come with their details, for editors that will not ask for them.
        """
        chosen = completions_of(self._manifest, path, language, typed, line, receiver, limit)
        results = []
        for i, (tier, location) in enumerate(chosen):
            detail = self._definition(path, language, location.path, location.symbol.qualified_name) if i < n_detailed else None
            short = dataclasses.replace(location, symbol=dataclasses.replace(location.symbol, docstring=""))
            results.append({"location": short, "tier": tier, "detail": detail})
        return self._with_stale({"items": results})

    def _definition(self, path: str, language: str, target: str, qualified_name: str) -> dict[str, Any]:
        none = {"location": None, "module": "", "exported": ""}
        stored = next((symbol for symbol in self._manifest.outline(target) if symbol.qualified_name == qualified_name), None)
        file = self._manifest.file(target)
        if stored is None or file is None:
            return none
        uses = self._manifest.reference_counts([stored.name])[stored.name]
        location = self._as_it_is_now(Location(target, file.language, stored, uses))
        if location is None:
            return none
        symbol, module, exported = location.symbol, "", ""
        if target != path and symbol.parent is None and same_family(file.language, language):
            if file.language == "python":
                module = usual_module(self._manifest.references_to(symbol.name, MOST_USES), target)
                module = module or python_module_of(target, lambda wanted: self._manifest.file(wanted) is not None, path)
            elif file.language in JAVASCRIPT:
                exported = exported_as(with_plain_breaks(self._text_of(target) or ""), symbol)
        return {"location": location, "module": module, "exported": exported}

    def _around(self, path: str, line: int) -> tuple[Symbol, ...]:
        """What a line of a file stands in, outermost first."""
        return tuple(symbol for symbol in self._manifest.outline(path) if symbol.span.start_line <= line <= symbol.span.end_line)

    def _as_it_is_now(self, location: Location) -> Location | None:
        """The definition as the text has it now; None if it is gone, or lies where secrets are."""
        if privacy.is_secret_path(location.path):
            return None
        text = self._text_of(location.path)
        if text is None:
            self._stale.add(location.path)
            return None
        text = with_plain_breaks(text)
        file = self._manifest.file(location.path)
        if file is not None and hash_of_file(text.encode("utf-8", "surrogatepass")) == file.content_hash:
            return location
        self._stale.add(location.path)
        # Where parsing finds it under another file's language, nothing is lost: it is looked for by its name.
        symbols = self._parser.outline(text, location.language).symbols
        named = [symbol for symbol in symbols if symbol.qualified_name == location.symbol.qualified_name]
        nearest = min(named, key=lambda symbol: abs(symbol.span.start_line - location.symbol.span.start_line), default=None)
        return dataclasses.replace(location, symbol=nearest) if nearest else None

    def _with_stale(self, answer: dict[str, Any]) -> dict[str, Any]:
        stale, self._stale = sorted(self._stale), set()
        return {**answer, "stale": stale}


@dataclasses.dataclass(frozen=True)
class _PlaceOfName:
    """A name in a file, and what speaks for one or another of its definitions there."""

    path: str
    language: str
    name: str
    line: int
    column: int
    receiver: str
    in_code: bool
    imports: list[Reference]
    imported: Reference | None
    around: tuple[Symbol, ...]
    """What it stands in, outermost first."""
    n_definitions: int
    """Of this name in the workspace."""

    def rank(self, location: Location) -> tuple[int, ...] | None:
        """Smaller is better; None for a definition that can hardly be meant."""
        symbol, here = location.symbol, location.path == self.path
        span = symbol.name_span
        if here and span.start_line == self.line and span.start_column <= self.column <= span.end_column:
            return (0,)
        tier = self._tier(location, here)
        if tier is None or not (self.in_code or is_telling(self.name)):
            return None
        depth = -max((i for i, outer in enumerate(self.around, 1) if is_inside(symbol.qualified_name, outer.qualified_name)), default=0)
        return (tier, depth if here else 0, is_in_tests(location.path), -n_common_folders(self.path, location.path), -location.n_references)

    def _tier(self, location: Location, here: bool) -> int | None:
        is_member = location.symbol.kind in MEMBERS
        from_import = self.imported is not None and may_be_module(self.imported.module, location.path, self.path, self.language)
        if not self.receiver:
            if from_import and not is_member:
                return 2
            if is_member and (not here or self.language in OBJECT_IS_NAMED):
                return None
            if here:
                return 1
            if self.imported is not None:
                # The import may name a package that passes it on.
                return 3 if not is_member else None
            if self.language in IMPORTS_NAME_BY_NAME or not in_same_folder(self.path, location.path):
                return 4 if is_telling(self.name) else None
            return 3
        module = next((use for use in self.imports if self.receiver == (use.alias or use.name)), None)
        if module is not None and not is_member and is_module_of(module, location.path, self.path, self.language):
            return 1
        if not is_member:
            # `package.function`, where nothing says what the package is.
            return 5 if is_telling(self.name) and self.language not in IMPORTS_NAME_BY_NAME else None
        if module is not None and is_whole_module(module, self.language):
            # But not this one.
            return None
        owner = location.symbol.qualified_name.rpartition(".")[0]
        owner_name = owner.rpartition(".")[2]
        if self.receiver in OWN_OBJECT:
            if here and any(outer.qualified_name == owner for outer in self.around):
                return 1
            if any(owner_name in _WORD.findall(outer.signature.partition(outer.name)[2]) for outer in self.around):
                # What the class around is based on.
                return 2
        elif resembles(self.receiver, owner_name):
            return 2
        return 4 if is_telling(self.name) or self.n_definitions <= FEW_DEFINITIONS else None


class _Texts(CheckedTexts):
    """Files, in which the names that are found are looked for."""

    def still_names(self, location: Location) -> bool:
        """Whether the name stands where it was."""
        if privacy.is_secret_path(location.path):
            return False
        content, span = self.bytes_of(location.path), location.symbol.name_span
        named = location.symbol.name.encode("utf-8", "surrogatepass")
        if content is None or content[span.start_byte : span.end_byte] != named:
            self.stale.add(location.path)
            return False
        return True

    def with_columns(self, location: Location, encoding: Encoding) -> Symbol:
        """The symbol with columns in units of an encoding."""
        symbol, content = location.symbol, self.bytes_of(location.path)
        if encoding == "utf-8" or content is None:
            return symbol
        return dataclasses.replace(
            symbol, span=_in_units(symbol.span, content, encoding), name_span=_in_units(symbol.name_span, content, encoding)
        )


def _in_units(span: Span, content: bytes, encoding: Encoding) -> Span:
    def units(end: int, column: int) -> int:
        before = content[max(end - column, 0) : end]
        if before.isascii():
            return column
        return len(before.decode("utf-8", "ignore").encode(f"{encoding}-le")) // _ODD_UNITS[encoding]

    start, end = units(span.start_byte, span.start_column), units(span.end_byte, span.end_column)
    return dataclasses.replace(span, start_column=start, end_column=end)


def _worth(typed: str, name: str) -> int:
    """The step of a name: exact, prefix, humps, anything else."""
    if name == typed:
        return -1
    fit = fit_of(typed, name)
    return int(Fit.HUMPS) + 1 if fit is None else int(fit)
