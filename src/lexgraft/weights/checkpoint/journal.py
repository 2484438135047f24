"""What a run has finished, line by line, each with its checksum: a torn tail is ignored."""

import os
from collections.abc import Mapping
from pathlib import Path
from zlib import crc32

import msgspec

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.disk_io import replace_file, sync_folder

JOURNAL = "merge.journal"
Record = dict[str, str]


class Journal:
    """An append-only file: its first line is the run's key, the others say what is finished."""

    def __init__(self, path: Path, key: str) -> None:
        """Open or begin the journal of the run with this key; its name is durable then.

        Raises:
            LexgraftError: the journal is that of another run.
        """
        self.done: dict[str, Record] = {}
        if path.exists():
            self._read(path, key)
        else:
            replace_file(path, _line({"key": key}))
        sync_folder(path.parent)
        self._path = path
        self._handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)

    def add(self, finished: Mapping[str, Record]) -> None:
        """Record tensors whose data is on the disk already; durable when it returns."""
        view = memoryview(b"".join(_line({"tensor": n} | r) for n, r in finished.items()))
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
            if record is None or (number and "tensor" not in record):
                break  # torn, or another journal's beginning
            if number == 0 and record.get("key") != key:
                raise LexgraftError(
                    "an unfinished merge of other models or settings is here",
                    where=str(path.parent),
                    cure="choose another folder, or move this one away",
                )
            if number:
                self.done[record.pop("tensor")] = record
            good += len(line)
        if not good:
            raise LexgraftError(
                "the journal is damaged", where=str(path), cure="move the unfinished folder away"
            )
        handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.ftruncate(handle, good)
            os.fsync(handle)
        finally:
            os.close(handle)


def _line(record: Record) -> bytes:
    """Return one line: CRC-32 of the JSON, the JSON."""
    text = msgspec.json.encode(record, order="sorted")
    return b"%08x %s\n" % (crc32(text), text)


def _record(line: bytes) -> Record | None:
    """Return the record of a line; None if the line is torn or damaged."""
    if not line.endswith(b"\n") or line[:9] != b"%08x " % crc32(line[9:-1]):
        return None
    return msgspec.json.decode(line[9:], type=dict[str, str])
