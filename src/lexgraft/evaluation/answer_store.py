"""Answers on disk as they come, one row with a checksum per key (SQLite)."""

import sqlite3
from collections.abc import Generator, Iterable, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from zlib import crc32

from msgspec import json

from lexgraft.errors import LexgraftError

FILE = "answers.sqlite"
"""Its name beside the answers of one model."""
PATIENCE = 60.0  # seconds for which another that writes is waited for
_DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
_TABLE = (
    "CREATE TABLE IF NOT EXISTS answers "
    "(key TEXT PRIMARY KEY, value BLOB NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID"
)


class AnswerStore:
    """A database of answers by key; a damaged row counts as never written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Return key → stored JSON, for those of these keys that have an undamaged row."""
        if not self._path.is_file():
            return {}
        query = "SELECT * FROM answers WHERE key IN (SELECT value FROM json_each(?))"
        with self._opened() as file:
            key_list = json.encode(list(keys)).decode()
            rows: list[tuple[str, bytes, int]] = file.execute(query, [key_list]).fetchall()
        return {key: value for key, value, check in rows if check == _check(key, value)}

    def put(self, answers: Mapping[str, object]) -> None:
        """Store answers, all of them or none; they are on disk when this returns."""
        raw = {key: json.encode(value) for key, value in answers.items()}
        rows = [(key, value, _check(key, value)) for key, value in raw.items()]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._opened() as file, file:
            file.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", rows)

    @contextmanager
    def _opened(self) -> Generator[sqlite3.Connection]:
        """Open the database; SQLite rolls back what a kill interrupted.

        Raises:
            LexgraftError: the file is no such database, or damaged; the disk is full or fails.
        """
        try:
            with closing(sqlite3.connect(self._path, timeout=PATIENCE)) as file:
                file.execute("PRAGMA synchronous = EXTRA")
                file.execute(_TABLE)
                yield file
        except sqlite3.DatabaseError as error:
            raise self._explained(error) from error

    def _explained(self, error: sqlite3.DatabaseError) -> LexgraftError:
        """Return what is wrong: a store that cannot grow or be opened keeps all its answers."""
        what = f"the answers cannot be stored or read: {error}"
        cure = "free the disk, or mend it or the rights, and run again: what was answered is kept"
        if getattr(error, "sqlite_errorcode", _DAMAGED[0]) & 0xFF in _DAMAGED:
            what = f"not a store of answers: {error}"
            cure = "move it away: what is in it will be asked again"
        return LexgraftError(what, where=str(self._path), cure=cure)


def _check(key: str, raw: bytes) -> int:
    return crc32(raw, crc32(key.encode()))
