"""Server-sent events, read and written as WHATWG HTML, §9.2, says."""

from collections.abc import AsyncGenerator, AsyncIterator

MARK = b"\xef\xbb\xbf"


class EventReader:
    """The data of events, from bytes in pieces of any length.

    Lines end with CR LF, LF or CR; a byte order mark before the first is passed over, and so are
    comments and the fields `event`, `id` and `retry`, which OpenAI's streams do not use.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit  # bytes of one event
        self._begun = bytearray()  # of a line, before its end
        self._lines: list[bytes] = []
        self._held = 0  # bytes in both
        self._first, self._after_return = True, False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the data of every event that ends in these bytes.

        Raises:
            ValueError: an event of more bytes than allowed.
        """
        events: list[bytes] = []
        if not data:
            return events
        if self._after_return:
            data = data.removeprefix(b"\n")
        *ended, begun = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._after_return = data.endswith(b"\r")
        for rest in ended:
            self._hold(len(rest))
            line = bytes(self._begun) + rest
            self._begun.clear()
            self._read(line, events)
        self._hold(len(begun))
        self._begun += begun
        return events

    def _hold(self, size: int) -> None:
        self._held += size
        if self._held > self._limit:
            raise ValueError(f"an event of more than {self._limit} bytes")

    def _read(self, line: bytes, events: list[bytes]) -> None:
        """Take one line."""
        if self._first:
            line, self._first = line.removeprefix(MARK), False
        name, _, text = line.partition(b":")
        if line and name == b"data":
            self._lines.append(text.removeprefix(b" "))
            return
        if not line:
            if self._lines:
                events.append(b"\n".join(self._lines))
            self._lines.clear()
        self._held = sum(map(len, self._lines))


async def read_events(body: AsyncIterator[bytes], limit: int) -> AsyncGenerator[bytes]:
    """Yield the data of a body's events; what no blank line ends is no event.

    Raises:
        ValueError: an event of more than `limit` bytes.
    """
    reader = EventReader(limit)
    async for data in body:
        for event in reader.feed(data):
            yield event


def write_event(data: bytes, name: str = "") -> bytes:
    """Return an event: its name, and each line of its data in a field of its own."""
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    head = f"event: {name}\n".encode() if name else b""
    return head + b"".join(b"data: " + line + b"\n" for line in lines) + b"\n"
