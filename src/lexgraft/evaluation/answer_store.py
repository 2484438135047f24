"""Answers on disk as they come, one row with a checksum per key (SQLite)."""

import sqlite3
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from zlib import crc32

import msgspec

from lexgraft.errors import LexgraftError

FILE = "answers.sqlite"
"""Its name beside the answers of one model."""
AT_ONCE = 500  # keys looked up with one statement
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
        requested = list(keys)
        if not self._path.is_file():
            return {}
        with self._opened() as file:
            chunks = (
                requested[start : start + AT_ONCE] for start in range(0, len(requested), AT_ONCE)
            )
            rows = [row for chunk in chunks for row in _rows(file, chunk)]
        return {key: value for key, value, check in rows if check == _check(key, value)}

    def put(self, answers: Mapping[str, object]) -> None:
        """Store answers, all of them or none; they are on disk when this returns."""
        raw = {key: msgspec.json.encode(value) for key, value in answers.items()}
        rows = [(key, value, _check(key, value)) for key, value in raw.items()]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._opened() as file, file:
            file.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", rows)

    @contextmanager
    def _opened(self) -> Generator[sqlite3.Connection]:
        """Open the database; SQLite rolls back what a kill interrupted.

        Raises:
            LexgraftError: the file is no such database, or damaged.
        """
        try:
            with closing(sqlite3.connect(self._path)) as file:
                file.execute("PRAGMA synchronous = EXTRA")
                file.execute(_TABLE)
                yield file
        except sqlite3.DatabaseError as error:
            raise LexgraftError(
                f"not a store of answers: {error}",
                where=str(self._path),
                cure="delete it: what is in it will be asked again",
            ) from error


def _rows(file: sqlite3.Connection, keys: Sequence[str]) -> list[tuple[str, bytes, int]]:
    marks = ", ".join("?" * len(keys))
    selected = file.execute(f"SELECT * FROM answers WHERE key IN ({marks})", keys)  # noqa: S608 (marks)
    return selected.fetchall()


def _check(key: str, raw: bytes) -> int:
    return crc32(raw, crc32(key.encode()))
