"""What the models learn from: permissively licensed packages, screened file by file."""

from pathlib import Path

from recoder_lsp.training.corpus.building import build
from recoder_lsp.training.corpus.documentation import without_documentation
from recoder_lsp.training.corpus.documents import LANGUAGES, Document, read
from recoder_lsp.training.corpus.exclusions import Exclusions
from recoder_lsp.training.corpus.licences import is_permissive, is_permissive_short_name
from recoder_lsp.training.corpus.packages import Package, Source, read_sources, write_shipped_manifest
from recoder_lsp.training.corpus.paths import is_test
from recoder_lsp.training.corpus.projects import projects
from recoder_lsp.training.corpus.screening import Screen

__all__ = [
    "EXCLUDED",
    "LANGUAGES",
    "SOURCES",
    "Document",
    "Exclusions",
    "Package",
    "Screen",
    "Source",
    "build",
    "is_permissive",
    "is_permissive_short_name",
    "is_test",
    "projects",
    "read",
    "read_sources",
    "without_documentation",
    "write_shipped_manifest",
]

# The lists that the embedded model is made from, and without.
SOURCES = Path(__file__).parent / "sources.toml"
EXCLUDED = Path(__file__).parent / "excluded_repositories.txt"
