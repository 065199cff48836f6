"""Compares what is stored of a folder's files with the files."""

from __future__ import annotations

from collections.abc import Iterator

from recoder_lsp.index.files.sources import Sources, SourceText, content_hash
from recoder_lsp.index.store.manifest import Manifest


def disagreements(sources: Sources, manifest: Manifest) -> Iterator[str]:
    """What is not as it is in the folder, in words; open buffers are passed over."""
    if not sources.has_folder():
        return
    for found in sources.files():
        known = manifest.file(found.path)
        if sources.is_open(found.path) or (known is not None and known.stamp == found.stamp):
            continue
        source = sources.read(found.path)
        if isinstance(source, SourceText) and (known is None or known.content_hash != content_hash(source.text)):
            yield f"{found.path} {'is not indexed' if known is None else 'has changed since it was indexed'}"
    for stored in manifest.files():
        if not sources.is_open(stored.path) and not sources.is_file(stored.path):
            yield f"{stored.path} is indexed, but is not there, or does not belong in the index"
