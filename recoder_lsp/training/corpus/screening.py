"""Decides file by file what of a package is worth learning."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from recoder_lsp.redaction import redact
from recoder_lsp.training.corpus.documents import LANGUAGES, Document
from recoder_lsp.training.corpus.exclusions import Exclusions
from recoder_lsp.training.corpus.generated import is_cpp, is_data, is_generated
from recoder_lsp.training.corpus.licences import is_permissive
from recoder_lsp.training.corpus.near_duplicates import Signature, signature
from recoder_lsp.training.corpus.packages import Package
from recoder_lsp.training.corpus.paths import MAX_FILE_BYTES, MIN_FILE_BYTES, is_skipped, is_test

# No package may set the tone of a language; Debian's source packages are larger and fewer.
MAX_PACKAGE_BYTES = {"pypi": 2_600_000, "npm": 3_600_000, "debian": 6_000_000, "stdlib": 20_000_000}
MAX_VENDORED_BYTES = 2_500_000

_OPENING_COMMENT = re.compile(r"\A(?:\s*(?:#[^\n]*\n|//[^\n]*\n|/\*.*?\*/))+", re.DOTALL)


@dataclass(frozen=True)
class Candidate:
    """A file that may be kept, unless another package has nearly the same."""

    document: Document
    size_bytes: int
    signature: Signature


@dataclass(frozen=True)
class Screen:
    """The rules, with what must not be learnt."""

    exclusions: Exclusions

    def candidates(self, package: Package, files: Iterable[tuple[str, bytes]]) -> list[Candidate]:
        """Return the files of one package that are worth learning, tests last, and fill in the refusals of its row.

        Args:
            package: Its row: `refused` is set when the licence or the repository rules it out.
            files: (path, content) pairs.
        """
        package.refused = package.refused or self._refusal(package)
        if package.refused:
            return []
        kept: list[Candidate] = []
        size_bytes, limit_bytes = 0, _limit_bytes(package)
        for path, content in sorted(files, key=lambda file: (is_test(file[0]), file[0])):
            # Before the file is read: what is too much costs nothing.
            if size_bytes + len(content) > limit_bytes:
                package.skip("package is large enough")
                continue
            text, reason = self._judged(path, content)
            if reason:
                package.skip(reason)
                continue
            size_bytes += len(content)
            document = Document(package.key, path, LANGUAGES[PurePosixPath(path).suffix], text)
            kept.append(Candidate(document, len(content), signature(text)))
        return kept

    def _refusal(self, package: Package) -> str:
        # Debian's source packages were judged file by file when they were opened.
        if package.registry != "debian" and not is_permissive(package.licence):
            return f"licence: {package.licence or 'not declared'}"
        if package.registry in ("pypi", "npm") and self.exclusions.names_package(package.name, package.repository):
            return "excluded repository"
        return ""

    def _judged(self, path: str, content: bytes) -> tuple[str, str]:
        """Return (text, "") for a file worth keeping, ("", reason) for another."""
        if is_skipped(path):
            return "", "vendored, built or generated path"
        if not MIN_FILE_BYTES <= len(content) <= MAX_FILE_BYTES:
            return "", "size"
        try:
            text = content.decode("utf-8").replace("\r\n", "\n")
        except UnicodeDecodeError:
            return "", "not UTF-8"
        if is_generated(text):
            return "", "generated"
        if is_data(text):
            return "", "minified or data"
        if path.endswith((".c", ".h")) and is_cpp(text):
            return "", "C++"
        text = _without_licence_header(text).strip("\n") + "\n"
        # What the server keeps out of prompts is not learnt either.
        if redact(text) != text:
            return "", "secret"
        if self.exclusions.overlap(text):
            return "", "evaluation overlap"
        return text, ""


def _limit_bytes(package: Package) -> int:
    is_vendored = package.registry == "debian" and "/vendor/" in package.name
    return MAX_VENDORED_BYTES if is_vendored else MAX_PACKAGE_BYTES[package.registry]


def _without_licence_header(text: str) -> str:
    """Drop the comment that opens a file when it is about copyright: thousands of copies teach nothing."""
    opening = _OPENING_COMMENT.match(text)
    return text[opening.end() :] if opening and re.search(r"copyright|licen[sc]e", opening[0], re.IGNORECASE) else text
