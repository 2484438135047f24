"""Answers on disk as they come: one checked line per finished batch, never another model's."""

import os
from pathlib import Path
from zlib import crc32

import msgspec
from msgspec import Raw, Struct


class _Line(Struct, frozen=True):
    """One finished batch; `check` is the CRC-32 of the key and the value as they are written."""

    key: str
    check: int
    value: Raw


class AnswerStore:
    """An append-only file of batches by key; a torn or damaged line counts as never written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: dict[str, bytes] = {}
        if path.is_file():
            self._read()

    def get(self, key: str) -> bytes | None:
        """Return the JSON of what was kept under a key, or None."""
        return self._found.get(key)

    def put(self, key: str, value: object) -> None:
        """Keep a batch's answers; they are on disk when this returns."""
        raw = msgspec.json.encode(value)
        line = msgspec.json.encode(_Line(key, _check(key, raw), Raw(raw))) + b"\n"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self._found[key] = raw

    def _read(self) -> None:
        data = self._path.read_bytes()
        decode = msgspec.json.Decoder(_Line).decode
        for text in data.splitlines():
            try:
                line = decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            if line.check == _check(line.key, bytes(line.value)):
                self._found[line.key] = bytes(line.value)
        if data and not data.endswith(b"\n"):  # torn by a kill: the next line starts afresh
            with self._path.open("ab") as file:
                file.write(b"\n")


def _check(key: str, raw: bytes) -> int:
    return crc32(raw, crc32(key.encode()))
