"""One file of weights on its way to a store: tensors in, parts out, nothing seen until complete."""

from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING

from msgspec import Struct

from lexgraft.files.object_uploads import (
    Part,
    UploadQueue,
    abort_upload,
    begin_upload,
    complete_upload,
    is_of_run,
    part_size,
    upload_part,
    uploaded_parts,
)
from lexgraft.files.store_url import StoreUrl
from lexgraft.weights.checkpoint.file_layout import Slot
from lexgraft.weights.checkpoint.journal import Record

if TYPE_CHECKING:
    from concurrent.futures import Future


class ShardJournal(Struct, frozen=True, forbid_unknown_fields=True):
    """What a later run may take over of a file: parts that are final, tensors that are finished."""

    upload: str
    part_bytes: int
    parts: dict[int, Part]
    tensors: dict[str, Record]


class ShardUpload:
    """The parts of one file. Tensors come in any order, each by one thread, windows in order.

    A part that lies within one tensor goes as soon as it is full; one that several share, when all
    of them are finished: until then a tensor may be written again.
    """

    def __init__(
        self, url: StoreUrl, header: bytes, size: int, slots: Iterable[Slot], queue: UploadQueue
    ) -> None:
        self.url, self.upload, self.is_whole = url, "", False
        self.records: dict[str, Record] = {}
        self._size, self._part, self._queue = size, part_size(size), queue
        self._slots = {slot.name: slot for slot in slots}
        self._header, self._lock = header, Lock()
        self._buffers: dict[int, bytearray] = {}
        self._filled: dict[int, int] = {}
        self._uploads: dict[int, Future[Part]] = {}
        self._parts: dict[int, Part] = {}  # of an earlier run
        self._open: dict[int, set[str]] = {n: set() for n in range(1, self._count + 1)}
        for slot in self._slots.values():
            for number in self._numbers(slot.offset, slot.length):
                self._open[number].add(slot.name)
        self._shared = {n for n, names in self._open.items() if len(names) != 1}
        self._shared |= {*self._numbers(0, len(header))}

    @property
    def _count(self) -> int:
        return -(-self._size // self._part)

    def restore(self, journal: ShardJournal, run: str) -> str:
        """Take over what an earlier run has uploaded; return what of it was taken away, in words.

        Only parts count that the store has as they were noted, and tensors of which all parts do.
        """
        held = uploaded_parts(self.url, journal.upload)
        if held is None:
            self.is_whole = len(journal.tensors) == len(self._slots) and is_of_run(self.url, run)
            self.records = dict(journal.tensors) if self.is_whole else {}
            return ""
        if journal.part_bytes != self._part:
            abort_upload(self.url, journal.upload)
            return f"an upload of {self.url} in other parts was taken away"
        self.upload = journal.upload
        self._parts = {
            number: noted
            for number, noted in journal.parts.items()
            if held.get(number) == (noted["ETag"], self._length(number))
        }
        for name, record in journal.tensors.items():
            slot = self._slots[name]
            if all(n in self._parts for n in self._numbers(slot.offset, slot.length)):
                self.records[name] = record
        return ""

    def begin(self, run: str) -> bool:
        """Begin an upload, if none is under way; return whether it is a new one."""
        with self._lock:
            if self.upload or self.is_whole:
                return False
            self.upload = begin_upload(self.url, run)
            return True

    def write(self, offset: int, window: bytes | memoryview) -> None:
        """Take bytes of a tensor at their place in the file; send what is full."""
        data = memoryview(window)
        for number in self._numbers(offset, len(data)):
            if number in self._parts:
                continue  # an earlier run's, with the same bytes
            first = (number - 1) * self._part
            start, stop = max(offset, first), min(offset + len(data), first + self._part)
            buffer = self._buffer(number)
            buffer[start - first : stop - first] = data[start - offset : stop - offset]
            if number not in self._shared:
                self._filled[number] = self._filled.get(number, 0) + stop - start
                if self._filled[number] == self._length(number):
                    del self._filled[number]
                    self._send(number)

    def note(self, name: str, record: Record) -> None:
        """Take a tensor as finished; send the parts that waited for it."""
        slot, ready = self._slots[name], list[int]()
        with self._lock:
            self.records[name] = record
            for number in self._numbers(slot.offset, slot.length):
                self._open[number].discard(name)
                if number in self._shared and not self._open[number]:
                    ready.append(number)
        for number in ready:
            if number not in self._parts:
                self._send(number)

    def journal(self) -> ShardJournal:
        """Return what may be taken over of what the store has by now.

        Raises:
            LexgraftError: a part could not be uploaded.
        """
        with self._lock:
            settled = {n: upload for n, upload in self._uploads.items() if upload.done()}
            final = {number for number, names in self._open.items() if not names}
            tensors = dict(self.records)
        uploaded = {
            number: upload.result() for number, upload in settled.items() if number in final
        }
        return ShardJournal(self.upload, self._part, {**self._parts, **uploaded}, tensors)

    def settle(self) -> None:
        """Send what nobody waits for any more, and wait until the store has all.

        Raises:
            LexgraftError: a part could not be uploaded.
        """
        for number in self._open:
            if number not in self._parts and number not in self._uploads and not self.is_whole:
                self._send(number)
        for upload in self._uploads.values():
            upload.result()

    def complete(self, run: str) -> None:
        """Let the file appear."""
        if not self.is_whole:
            uploaded = self.journal().parts
            assert len(uploaded) == self._count
            ordered = [uploaded[number] for number in sorted(uploaded)]
            complete_upload(self.url, self.upload, ordered, run)
            self.is_whole = True

    def _numbers(self, offset: int, length: int) -> range:
        """Return the parts that bytes of the file lie in."""
        if length <= 0:
            return range(0)
        return range(offset // self._part + 1, (offset + length - 1) // self._part + 2)

    def _length(self, number: int) -> int:
        return min(self._part, self._size - (number - 1) * self._part)

    def _buffer(self, number: int) -> bytearray:
        """Return the memory of a part that is not complete, what it has of the header in it."""
        with self._lock:
            if number not in self._buffers:
                first = (number - 1) * self._part
                header = self._header[first : first + self._part]
                self._buffers[number] = bytearray(self._length(number))
                self._buffers[number][: len(header)] = header
            return self._buffers[number]

    def _send(self, number: int) -> None:
        buffer = self._buffer(number)
        with self._lock:
            del self._buffers[number]
            earlier = self._uploads.get(number)
        if earlier is not None:  # the same part once more: the last one counts
            earlier.result()
        url, upload = self.url, self.upload
        sent = self._queue.put(lambda: upload_part(url, upload, number, buffer))
        with self._lock:
            self._uploads[number] = sent
