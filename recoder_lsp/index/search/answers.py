"""Answers from the stored index, as values that JSON can carry. Lives on the search thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from recoder_lsp.index.search.conventions import Conventions
from recoder_lsp.index.search.importable import Importable
from recoder_lsp.index.search.names import Names
from recoder_lsp.index.search.places import Places
from recoder_lsp.index.search.quotes import line_of
from recoder_lsp.index.search.related import Related
from recoder_lsp.index.search.searcher import Query, Searcher
from recoder_lsp.index.store.embedder import Embedder
from recoder_lsp.index.store.manifest_reading import ManifestReader, open_reader
from recoder_lsp.index.store.vector_index import VectorIndex
from recoder_lsp.index.syntax.parser import Parser


class Answers:
    """Everything that can be asked of an index. One thread at a time."""

    def __init__(self, manifest_file: Path, vectors: VectorIndex, embedder: Embedder, text_of: Callable[[str], str | None]) -> None:
        """Args: `text_of` gives the text of a file or open buffer as it is now, None when there is none any more."""
        self._manifest: ManifestReader = open_reader(manifest_file)
        self._text_of = text_of
        self._searcher = Searcher(self._manifest, vectors, embedder, text_of)
        self._related = Related(self._manifest, text_of)
        parser = Parser()
        names = Names(self._manifest, text_of, parser)
        places = Places(names, self._manifest, text_of, parser)
        conventions = Conventions(self._manifest, text_of)
        self._methods: Mapping[str, Callable[..., Any]] = {
            "search": self._search,
            "related": self._related_code,
            "text": self._text,
            "quote": self._quote,
            "stats": self._stats,
            "symbols": names.symbols,
            "outline": names.outline,
            "describe": names.describe,
            "definition": names.definition,
            "completions": names.completions,
            "docstrings": conventions.docstrings,
            "tests": conventions.tests,
            "importable": Importable(names, self._manifest, text_of).importable,
            "definitions": places.definitions,
            "uses": places.uses,
            "use_counts": places.use_counts,
        }

    def answer(self, method: str, params: Mapping[str, Any]) -> Any:
        """Answer one question; the parameters are those of the method's function below, or in `names.Names`
        and `places.Places`.

        Raises:
            KeyError: There is no such method.
            TypeError: It does not take these parameters.
        """
        return self._methods[method](**params)

    def close(self) -> None:
        self._manifest.close()

    def _search(self, **params: Any) -> dict[str, Any]:
        """`search.Query` by its fields -> `search.Found` by its own; `stale` has the paths whose text is not what was indexed."""
        lists = {field.name for field in fields(Query) if str(field.type).startswith("tuple")}
        query = Query(**{name: tuple(value) if name in lists else value for name, value in params.items()})  # type: ignore[arg-type]
        with self._manifest.reading():
            found = self._searcher.search(query)
        return {"hits": list(found.hits), "partial": found.partial, "stale": list(found.stale)}

    def _related_code(self, path: str, language: str, before: str, after: str, keep: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
        """See `related.Related.to` -> {"snippets": [RelatedCode], "stale": [path], "kept": bool}.

        `kept` says whether all of `keep`, snippets of an earlier answer ({"path", "text"}), still stand in their files.
        """
        snippets, stale = self._related.to(path, language, before, after)
        kept = all(snippet["text"] in (self._text_of(snippet["path"]) or "") for snippet in keep)
        return {"snippets": snippets, "stale": stale, "kept": kept}

    def _text(self, path: str) -> dict[str, Any]:
        """The text of an indexed file as it is now -> {"text": str or None, "language": str}."""
        file = self._manifest.file(path)
        return {"text": self._text_of(path), "language": file.language} if file is not None else {"text": None, "language": ""}

    def _quote(self, path: str, text: str, line: int) -> dict[str, Any]:
        """Where lines of a file that were read earlier begin now -> {"line": int or None}; see `quotes.line_of`."""
        now = self._text_of(path)
        return {"line": line_of(now, text, line) if now is not None else None}

    def _stats(self) -> dict[str, Any]:
        """Counts of everything that the manifest holds."""
        return asdict(self._manifest.counts())
