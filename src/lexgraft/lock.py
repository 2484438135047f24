"""What each stage read and wrote; what need not run again; one run in a folder at a time."""

import fcntl
import json
import os
import socket
from collections.abc import Generator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from lexgraft.errors import UserError
from lexgraft.records import Cost, write_bytes

T = TypeVar("T", bound=Struct)


class StageEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """A finished stage: the digest of all it read, of what it wrote, and what it took."""

    key: str
    output: str
    cost: Cost


class RunFolder:
    """The folder of one adoption: stage records, answers, and the lock file over them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._entries = self._read()

    def _read(self) -> dict[str, StageEntry]:
        file = self.path / "lock.json"
        if not file.is_file():
            return {}
        try:
            return msgspec.json.decode(file.read_bytes(), type=dict[str, StageEntry])
        except msgspec.DecodeError as error:
            raise UserError(
                f"not a lock file: {error}",
                where=str(file),
                cure="delete it to run all stages again",
            ) from error

    def _record_file(self, stage: str) -> Path:
        return self.path / "stages" / f"{stage}.json"

    def finished(self, stage: str, key: str, kind: type[T]) -> T | None:
        """Return the stage's record if it was made from exactly this key and is intact."""
        entry, file = self._entries.get(stage), self._record_file(stage)
        if entry is None or entry.key != key or not file.is_file():
            return None
        data = file.read_bytes()
        return msgspec.json.decode(data, type=kind) if _sha(data) == entry.output else None

    def finish(self, stage: str, key: str, record: Struct, cost: Cost) -> None:
        """Store a stage's record, then say in the lock file that it is finished."""
        data = msgspec.json.format(msgspec.json.encode(record, order="sorted"), indent=1)
        write_bytes(self._record_file(stage), data)
        self._entries = {**self._entries, stage: StageEntry(key, _sha(data), cost)}
        write_bytes(
            self.path / "lock.json", msgspec.json.format(msgspec.json.encode(self._entries))
        )

    def stages(self) -> tuple[str, ...]:
        """Return the stages that have a record here, by name."""
        return tuple(sorted(self._entries))

    def cost(self, stage: str) -> Cost:
        """Return what a finished stage took when it ran (zero if it never did)."""
        entry = self._entries.get(stage)
        return entry.cost if entry else Cost(0.0)


@contextmanager
def hold(folder: Path) -> Generator[RunFolder]:
    """Hold the run's folder for this process alone; a second run is refused.

    Raises:
        UserError: another run holds it (its host and process number are named).
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".in-use").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            raise UserError(
                f"another run is using this folder ({file.read().strip() or 'unknown'})",
                where=str(folder),
                cure="wait for it to end, or give this run another `output`",
            ) from error
        file.seek(0)
        file.truncate()
        file.write(json.dumps({"host": socket.gethostname(), "pid": os.getpid()}))
        file.flush()
        yield RunFolder(folder)


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files by name, in hex.

    Raises:
        UserError: nothing is there.
    """
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file())
        return _sha("\n".join(f"{p.relative_to(path)} {file_digest(p)}" for p in files).encode())
    if not path.is_file():
        raise UserError("no such file", where=str(path))
    with path.open("rb") as file:
        total = sha256()
        while block := file.read(1 << 20):
            total.update(block)
    return total.hexdigest()


def _sha(data: bytes) -> str:
    return sha256(data).hexdigest()
