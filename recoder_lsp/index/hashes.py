"""By which a text is known to be what was indexed: of a whole file, and of a chunk."""

from __future__ import annotations

from hashlib import blake2b


def hash_of_file(content: bytes) -> str:
    """32 hex digits, of a file's text in UTF-8."""
    return blake2b(content, digest_size=16).hexdigest()


def hash_of_chunk(content: bytes) -> str:
    """16 hex digits, of a piece of it."""
    return blake2b(content, digest_size=8).hexdigest()
