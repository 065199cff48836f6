"""The tables of the manifest, and how a file of an older version becomes one of this version.

A file's symbols and references are numbered `file * MOST_PER_FILE + position`: all of a file is one range of rows, found and
deleted without an index of its own.
"""

from __future__ import annotations

MANIFEST = "manifest.sqlite"
"""The file's name in the folder of an index."""

SCHEMA_VERSION = 1

# No text of a megabyte has as many symbols or references; what is beyond is left out.
MOST_PER_FILE = 1 << 20

# Replaced texts leave their vectors behind for a while: an undo, a moved file or a branch switched back needs no embedding.
MOST_LEFTOVER_VECTORS = 20_000

# `words` stores no text (content=''), so that deleting needs the very words again: `bags` has them, compressed. (FTS5 can
# delete without them from SQLite 3.43 on; Debian 12's Python 3.11 has 3.40.)
TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE files (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE,
    language TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    content_hash TEXT NOT NULL,
    n_lines INTEGER NOT NULL,
    n_symbols INTEGER NOT NULL,
    n_references INTEGER NOT NULL,
    n_chunks INTEGER NOT NULL
);

-- Every name that is defined or used, with how often. `defined` leaves out what is only used.
CREATE TABLE names (
    row INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    n_definitions INTEGER NOT NULL,
    n_references INTEGER NOT NULL
);
CREATE INDEX defined ON names (name COLLATE NOCASE, n_references) WHERE n_definitions > 0;

-- How a defined name may be typed in a fuzzy search: joined from each of its parts on, and its initials.
CREATE TABLE name_keys (key TEXT NOT NULL, name INTEGER NOT NULL, PRIMARY KEY (key, name)) WITHOUT ROWID;

CREATE TABLE symbols (
    row INTEGER PRIMARY KEY,
    name INTEGER NOT NULL,
    kind TEXT NOT NULL,
    qualified_name TEXT NOT NULL,
    signature TEXT NOT NULL,
    docstring TEXT NOT NULL,
    parent INTEGER,
    start_byte INTEGER NOT NULL, end_byte INTEGER NOT NULL,
    start_line INTEGER NOT NULL, start_column INTEGER NOT NULL, end_line INTEGER NOT NULL, end_column INTEGER NOT NULL,
    name_start_byte INTEGER NOT NULL, name_end_byte INTEGER NOT NULL,
    name_start_line INTEGER NOT NULL, name_start_column INTEGER NOT NULL,
    name_end_line INTEGER NOT NULL, name_end_column INTEGER NOT NULL
);
CREATE INDEX symbols_by_name ON symbols (name);

CREATE TABLE uses (
    row INTEGER PRIMARY KEY,
    name INTEGER NOT NULL,
    kind TEXT NOT NULL,
    line INTEGER NOT NULL,
    column INTEGER NOT NULL,
    within INTEGER,
    module TEXT NOT NULL,
    alias TEXT NOT NULL
);
CREATE INDEX uses_by_name ON uses (name);

-- Rows are never given twice, so that an answer found a moment ago cannot point to another chunk.
CREATE TABLE chunks (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    file INTEGER NOT NULL,
    symbol INTEGER,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    start_byte INTEGER NOT NULL,
    end_byte INTEGER NOT NULL,
    start_line INTEGER NOT NULL,
    end_line INTEGER NOT NULL,
    content_hash TEXT NOT NULL,
    header TEXT NOT NULL,
    embedding_key INTEGER NOT NULL,
    synced INTEGER NOT NULL
);
CREATE INDEX chunks_by_file ON chunks (file);
CREATE INDEX chunks_by_embedding_key ON chunks (embedding_key);
CREATE INDEX chunks_unsynced ON chunks (row) WHERE synced = 0;

CREATE VIRTUAL TABLE words USING fts5 (name, path, declaration, body, content='', tokenize='ascii');
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (words, 'row');
CREATE TABLE bags (row INTEGER PRIMARY KEY, words BLOB NOT NULL);

CREATE TABLE vectors (row INTEGER PRIMARY KEY, vector BLOB NOT NULL);
CREATE TABLE leftover_vectors (row INTEGER PRIMARY KEY AUTOINCREMENT, embedding_key INTEGER NOT NULL UNIQUE, vector BLOB NOT NULL);
CREATE TABLE deletions (id BLOB PRIMARY KEY) WITHOUT ROWID;
"""

# From the version that is the key to the next one; a version without an entry is rebuilt from the files.
MIGRATIONS: dict[int, str] = {}
