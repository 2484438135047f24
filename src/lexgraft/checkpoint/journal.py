"""What a run has finished, line by line, each with its checksum: a torn tail is ignored."""

import os
from pathlib import Path
from zlib import crc32

import msgspec

from lexgraft.errors import UserError
from lexgraft.records import write_bytes

JOURNAL = "merge.journal"


class Journal:
    """An append-only file: its first line is the run's key, the others (tensor, digest)."""

    def __init__(self, path: Path, key: str) -> None:
        """Open or begin the journal of the run with this key.

        Raises:
            UserError: the journal is that of another run.
        """
        self.done: dict[str, str] = {}
        if path.exists():
            self._read(path, key)
        else:
            write_bytes(path, _line({"key": key}))
        self._path = path
        self._handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)

    def add(self, finished: dict[str, str]) -> None:
        """Record tensors whose data is on the disk already; durable when it returns."""
        lines = b"".join(_line({"tensor": n, "digest": d}) for n, d in finished.items())
        view = memoryview(lines)
        while view:
            view = view[os.write(self._handle, view) :]
        os.fsync(self._handle)
        self.done.update(finished)

    def close(self) -> None:
        """Close the file; what it says stays."""
        os.close(self._handle)

    def remove(self) -> None:
        """Delete the journal of a finished run."""
        self._path.unlink()

    def _read(self, path: Path, key: str) -> None:
        """Take over an earlier run's records and cut off what it left unfinished."""
        good = 0
        for number, line in enumerate(path.read_bytes().splitlines(keepends=True)):
            record = _record(line)
            if record is None:
                break
            if number == 0 and record.get("key") != key:
                raise UserError(
                    "an unfinished merge of other models or settings is here",
                    where=str(path.parent),
                    cure="choose another folder, or delete this one",
                )
            if number:
                self.done[record["tensor"]] = record["digest"]
            good += len(line)
        if not good:
            raise UserError(
                "the journal is damaged", where=str(path), cure="delete the unfinished folder"
            )
        os.truncate(path, good)


def _line(record: dict[str, str]) -> bytes:
    """Return one line: CRC-32 of the JSON, the JSON."""
    text = msgspec.json.encode(record, order="sorted")
    return b"%08x %s\n" % (crc32(text), text)


def _record(line: bytes) -> dict[str, str] | None:
    """Return the record of a line; None if the line is torn or damaged."""
    if not line.endswith(b"\n") or line[:9] != b"%08x " % crc32(line[9:-1]):
        return None
    return msgspec.json.decode(line[9:], type=dict[str, str])
