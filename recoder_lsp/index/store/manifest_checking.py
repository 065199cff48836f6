"""Whether the manifest's tables agree with one another: for `index --check`, and after faults."""

from __future__ import annotations

import zlib

from recoder_lsp.index.store.manifest_database import Database
from recoder_lsp.index.store.manifest_schema import MOST_PER_FILE

# Each statement counts rows that must not exist; {n} stands for the number, which is more than 0 where it is reported.
_MUST_BE_NONE = {
    "{n} chunks of files that are not there": "SELECT count(*) FROM chunks WHERE file NOT IN (SELECT row FROM files)",
    "{n} symbols of files that are not there": f"SELECT count(*) FROM symbols WHERE row / {MOST_PER_FILE} NOT IN (SELECT row FROM files)",
    "{n} references of files that are not there": f"SELECT count(*) FROM uses WHERE row / {MOST_PER_FILE} NOT IN (SELECT row FROM files)",
    "{n} symbols without a name": "SELECT count(*) FROM symbols WHERE name NOT IN (SELECT row FROM names)",
    "{n} references without a name": "SELECT count(*) FROM uses WHERE name NOT IN (SELECT row FROM names)",
    "{n} names with a wrong number of definitions": """SELECT count(*) FROM names LEFT JOIN
        (SELECT name, count(*) AS n FROM symbols GROUP BY name) AS found ON found.name = names.row
        WHERE n_definitions <> coalesce(n, 0)""",
    "{n} names with a wrong number of references": """SELECT count(*) FROM names LEFT JOIN
        (SELECT name, count(*) AS n FROM uses GROUP BY name) AS found ON found.name = names.row WHERE n_references <> coalesce(n, 0)""",
    "{n} names that nobody uses": "SELECT count(*) FROM names WHERE n_definitions = 0 AND n_references = 0",
    "{n} search keys of names that are not defined": """SELECT count(*) FROM name_keys
        WHERE name NOT IN (SELECT row FROM names WHERE n_definitions > 0)""",
    "{n} files with a wrong number of symbols": f"""SELECT count(*) FROM files LEFT JOIN
        (SELECT row / {MOST_PER_FILE} AS file, count(*) AS n FROM symbols GROUP BY 1) AS found ON found.file = files.row
        WHERE n_symbols <> coalesce(n, 0)""",
    "{n} files with a wrong number of references": f"""SELECT count(*) FROM files LEFT JOIN
        (SELECT row / {MOST_PER_FILE} AS file, count(*) AS n FROM uses GROUP BY 1) AS found ON found.file = files.row
        WHERE n_references <> coalesce(n, 0)""",
    "{n} files with a wrong number of chunks": """SELECT count(*) FROM files LEFT JOIN
        (SELECT file, count(*) AS n FROM chunks GROUP BY file) AS found ON found.file = files.row WHERE n_chunks <> coalesce(n, 0)""",
    "{n} chunks whose symbol is not there": f"""SELECT count(*) FROM chunks WHERE symbol IS NOT NULL
        AND file * {MOST_PER_FILE} + symbol NOT IN (SELECT row FROM symbols)""",
    "{n} chunks without their words": "SELECT count(*) FROM chunks WHERE row NOT IN (SELECT row FROM bags)",
    "{n} chunks that cannot be found by words": "SELECT count(*) FROM chunks WHERE row NOT IN (SELECT id FROM words_docsize)",
    "{n} words of chunks that are not there": """SELECT (SELECT count(*) FROM bags WHERE row NOT IN (SELECT row FROM chunks))
        + (SELECT count(*) FROM words_docsize WHERE id NOT IN (SELECT row FROM chunks))""",
    "{n} vectors of chunks that are not there": "SELECT count(*) FROM vectors WHERE row NOT IN (SELECT row FROM chunks)",
    "{n} chunks waiting without a vector": "SELECT count(*) FROM chunks WHERE synced = 0 AND row NOT IN (SELECT row FROM vectors)",
    "{n} vectors both there and to be deleted": """SELECT count(*) FROM deletions
        WHERE id IN (SELECT id FROM chunks JOIN vectors USING (row))""",
    "{n} vectors of another length": """SELECT count(*) FROM vectors
        WHERE length(vector) <> (SELECT length(vector) FROM vectors ORDER BY row LIMIT 1)""",
}


def problems_of(database: Database) -> list[str]:
    """All that is wrong, in words. Chunks without vectors are no problem here: whether there should be some is not known here."""
    damage = [row[0] for row in database.query("PRAGMA integrity_check(20)") if row[0] != "ok"]
    if damage:
        return [f"SQLite: {line}" for line in damage]
    counted = ((complaint, database.number(sql)) for complaint, sql in _MUST_BE_NONE.items())
    return [complaint.format(n=n) for complaint, n in counted if n] + _unreadable_bags(database)


def _unreadable_bags(database: Database) -> list[str]:
    n_unreadable = 0
    last = 0
    while rows := database.query("SELECT row, words FROM bags WHERE row > ? ORDER BY row LIMIT 1000", (last,)):
        n_unreadable += sum(not _is_readable(words) for _, words in rows)
        last = rows[-1][0]
    return [f"{n_unreadable} chunks whose words cannot be read"] if n_unreadable else []


def _is_readable(words: bytes) -> bool:
    try:
        return zlib.decompress(words).count(b"\n") == 3
    except (zlib.error, TypeError):
        return False
