"""A place in a GGUF header's bytes: numbers, strings and lists that cannot run past the end."""

import struct

from lexgraft.errors import LexgraftError

Value = bool | int | float | str | list[int] | list[float] | list[str] | list[bool]

NAME_LIMIT = 256  # characters of a key or a tensor's name
SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
STRING, ARRAY = 8, 9


class Cursor:
    """A place in bytes, little-endian, that cannot run past their end.

    Numbers that run past it raise `struct.error`, lengths and strings a `LexgraftError`.
    """

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def scalar(self, code: str) -> int | float | bool:
        """Return one number, little-endian."""
        (value,) = struct.unpack_from("<" + code, self.data, self.at)
        self.at += struct.calcsize("<" + code)
        return value

    def count(self, smallest: int) -> int:
        """Return a 64-bit length of things that take at least so many bytes each."""
        value = int(self.scalar("Q"))
        if value > (len(self.data) - self.at) // smallest:
            raise LexgraftError(f"a length of {value:,} runs past the end of the header")
        return value

    def text(self) -> str:
        """Return one string."""
        size = self.count(1)
        self.at += size
        return self.data[self.at - size : self.at].decode()

    def name(self) -> str:
        """Return one string that is short enough for a name."""
        text = self.text()
        if not 0 < len(text) <= NAME_LIMIT:
            raise LexgraftError(f"a name of {len(text):,} characters")
        return text

    def value(self, kind: int) -> Value:
        """Return one metadata value."""
        if kind == STRING:
            return self.text()
        if kind == ARRAY:
            return self.array(int(self.scalar("I")))
        return self.scalar(_code(kind))

    def array(self, kind: int) -> list[int] | list[float] | list[str] | list[bool]:
        """Return a list of strings or numbers (lists of lists do not occur)."""
        if kind == STRING:
            return self.texts(self.count(8))
        code = _code(kind)
        size = struct.calcsize("<" + code)
        count = self.count(size)
        self.at += count * size
        return list(struct.unpack_from(f"<{count}{code}", self.data, self.at - count * size))

    def texts(self, count: int) -> list[str]:
        """Return that many strings; a vocabulary is most of a header, so this loop is tight."""
        data, offset, unpack = self.data, self.at, struct.Struct("<Q").unpack_from
        texts: list[str] = []
        for _ in range(count):
            start = offset + 8
            offset = start + unpack(data, offset)[0]
            if offset > len(data):
                raise LexgraftError("a string runs past the end of the header")
            texts.append(data[start:offset].decode())
        self.at = offset
        return texts


def _code(kind: int) -> str:
    """Return the struct letter of a metadata type."""
    if kind not in SCALARS:
        raise LexgraftError(f"metadata of type {kind}")
    return SCALARS[kind]
