"""What the path of a file says about it: a test, or nothing that a person wrote for this package."""

from __future__ import annotations

import re

MIN_FILE_BYTES, MAX_FILE_BYTES = 400, 120_000

_SKIPPED_FOLDER = re.compile(
    r"(^|/)(_?vendor(ed)?|_vendored_packages|third[-_]?party|extern(al)?s?|patched|node_modules|bower_components|dist|umd|cjs|min|bundles?"
    r"|_?generated([-_]?src)?|gen|migrations|locales?|i18n|lang|fixtures?|testdata|snapshots?|__snapshots__|proto|protos|__pycache__|esm5"
    r"|lib/cjs|lib/es5|godeps|target|deps|autoconf|m4|cmcurl|cmlibuv|tests/ui|baselines|conformance|testsuites?)(/|$)",
    re.IGNORECASE,
)
# Excluded projects in C that others carry along, wherever they put them. Elsewhere these are names of adapters to them.
_COPIES = re.compile(r"(^|/)(curl|libuv|uv|jq|tmux|redis)/.*\.[ch]$", re.IGNORECASE)
_SKIPPED_FILE = re.compile(
    r"(\.min\.|[-.]bundle\.|\.bundled\.|_pb2|\.pb\.|\.gen\.|_generated|generated_|\.d\.m?ts$|\.umd\.|\.global\.|\.prod\.|\.cjs$|-lock\."
    r"|(^|/)(versioneer|_version)\.py$|(^|/)zz_|(^|/)bindata|_string\.go$|_easyjson\.go$|_mock\.go$|\.y\.go$"
    r"|(^|/)bindings?\.rs$|(^|/)(y\.tab|lex\.yy)|\.tab\.[ch]$|\.lex\.c$|(^|/)conf(ig|test)\.[ch]$"
    r"|(Base)?(Lexer|Parser|Listener|TokenManager|TokenTypes)\.java$|(^|/)package-info\.java$)",
    re.IGNORECASE,
)
_TEST = re.compile(
    r"(^|/)(tests?|testing|__tests__|spec|e2e|bench(es|marks?)?|examples?|samples?|demos?|fuzz|docs?|test[-_]?utils?)(/|$)"
    r"|(^|/)(test_|tests?\.)|[._]tests?\.|\.spec\.|\w(Test|Tests|TestCase|IT)\.java$",
)


def is_skipped(path: str) -> bool:
    """Say whether a path is that of vendored, built or generated code. The path is relative to its package."""
    folder = path.rpartition("/")[0]
    return bool(_SKIPPED_FOLDER.search(folder) or _COPIES.search(path) or _SKIPPED_FILE.search(path))


def is_test(path: str) -> bool:
    """Say whether a file is a test, an example or a benchmark: those come last where there is too much."""
    return bool(_TEST.search(path) or _TEST.search(path.lower()))
