"""Writing a model to a prefix of a store: nothing is seen before all is whole; resumable."""

import json
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

import msgspec
from xxhash import xxh3_128

from lexgraft.errors import LexgraftError
from lexgraft.files.model_files import INDEX
from lexgraft.files.object_store import list_folder, names_in, read_range
from lexgraft.files.object_uploads import (
    UploadQueue,
    claim_prefix,
    put_new,
    remove_own,
    replace_own,
)
from lexgraft.files.safe_json import parse_json
from lexgraft.files.stand_ins import stand_in
from lexgraft.files.store_url import StoredObject, StoreUrl
from lexgraft.weights.checkpoint.file_layout import Layout
from lexgraft.weights.checkpoint.journal import JOURNAL, Record
from lexgraft.weights.checkpoint.manifest_file import MANIFEST
from lexgraft.weights.checkpoint.shard_upload import ShardJournal, ShardUpload

SYNC_EVERY = 256 << 20  # bytes; about this much work, and parts on their way, is lost by a kill
_DIGEST = "digest"
_LAST = "config.json"  # of the side files: without it nothing takes the prefix for a model
_OURS = "lexgraft"


class PrefixWriter:
    """A model being written to a store: any tensor by any thread, then `finish`."""

    def __init__(self, url: StoreUrl, layout: Layout, key: str) -> None:
        """Use `open_prefix`, which looks at what is there."""
        self._url, self._layout, self._key = url, layout, key
        self._queue, self._lock, self._syncing = UploadQueue(), Lock(), Lock()
        self._pending: dict[str, int] = dict.fromkeys(layout.headers, 0)
        self._shards = {
            file: ShardUpload(
                url.at(file),
                header,
                layout.sizes[file],
                [slot for slot in layout.slots.values() if slot.file == file],
                self._queue,
            )
            for file, header in layout.headers.items()
        }
        self.done: dict[str, Record] = {}
        self.notes: list[str] = []  # what of an earlier run was taken away

    def open(self) -> None:
        """Claim the prefix, and take over what an earlier run has finished."""
        present = list_folder(self._url)
        if JOURNAL in present:
            self._check_key(present[JOURNAL])
        else:
            _check_empty(self._url)
            mark = {"by": _OURS, "purpose": "merge", "key": self._key}
            claim_prefix(self._url.at(JOURNAL), json.dumps(mark).encode(), self._key)
        for file, shard in self._shards.items():
            stored = present.get(self._journal_name(file))
            if stored is not None:
                note = shard.restore(_journal_in(stored), self._key)
                self.notes += [note] if note else []
                self.done |= shard.records

    def ordered(self, names: Iterable[str]) -> list[str]:
        """Return tensors in the order in which they lie in their files, file by file."""
        slots = self._layout.slots
        return sorted(names, key=lambda name: (slots[name].file, slots[name].offset, name))

    def write(self, name: str, windows: Iterable[bytes | memoryview]) -> str:
        """Write one tensor's bytes to their place and return their digest.

        They count as finished only after `note`; until then they may be written again.
        """
        slot = self._layout.slots[name]
        shard, offset, hasher = self._shards[slot.file], slot.offset, xxh3_128()
        if shard.begin(self._key):
            self._put_journal(slot.file)  # before the first part: it says whose the upload is
        for window in windows:
            shard.write(offset, window)
            hasher.update(window)
            offset += len(window)
        if offset != slot.offset + slot.length:
            raise ValueError(f"{name}: {offset - slot.offset} bytes of {slot.length}")
        return hasher.hexdigest()

    def note(self, name: str, digest: str, record: Mapping[str, str] | None = None) -> None:
        """Take a tensor as finished, with what is to be known of it after a restart."""
        slot = self._layout.slots[name]
        self._shards[slot.file].note(name, {_DIGEST: digest, **(record or {})})
        with self._lock:
            self._pending[slot.file] += slot.length
            due = self._pending[slot.file] >= SYNC_EVERY
            if due:
                self._pending[slot.file] = 0
        if due:
            self._put_journal(slot.file)

    def sync(self) -> None:
        """Put everything noted so far into the journal, as far as the store has it."""
        for file, shard in self._shards.items():
            if shard.upload and not shard.is_whole:
                self._put_journal(file)

    def digests(self) -> dict[str, str]:
        """Return the digest of every tensor's bytes, once all are written, by sorted name."""
        return {name: record[_DIGEST] for name, record in self.records().items()}

    def records(self) -> dict[str, Record]:
        """Return what was noted of every tensor, once all are written, by sorted name."""
        noted = {
            n: record for shard in self._shards.values() for n, record in shard.records.items()
        }
        return {name: noted[name] for name in self._layout.slots}

    def finish(self, assets: Mapping[str, bytes], manifest: bytes) -> None:
        """Let all appear: weights, side files, index, configuration, and the manifest last."""
        for file, shard in self._shards.items():
            if shard.begin(self._key):
                self._put_journal(file)
            shard.settle()
        self.sync()
        for shard in self._shards.values():
            shard.complete(self._key)
        index = self._layout.index()
        files = {name: data for name, data in assets.items() if name != _LAST}
        files |= {INDEX: index} if index is not None else {}
        files |= {_LAST: assets[_LAST]} if _LAST in assets else {}
        for name, data in {**files, MANIFEST: manifest}.items():
            put_new(self._url.at(name), data, self._key)
        for name in (*map(self._journal_name, self._shards), JOURNAL):
            remove_own(self._url.at(name), self._key)

    def close(self) -> None:
        """Wait for what is on its way; an unfinished run can be resumed from what is there."""
        self._queue.close()

    def _put_journal(self, file: str) -> None:
        with self._syncing:
            text = msgspec.json.encode(self._shards[file].journal())
            replace_own(self._url.at(self._journal_name(file)), text, self._key)

    def _journal_name(self, file: str) -> str:
        return f"{JOURNAL}.{list(self._shards).index(file) + 1:05d}"

    def _check_key(self, stored: StoredObject) -> None:
        """Raise unless the unfinished run in the prefix is this one."""
        mark = parse_json(read_range(stored, 0, min(stored.size, 1 << 16)), str(stored.url))
        if mark.get("by") != _OURS or mark.get("key") != self._key:
            raise LexgraftError(
                "an unfinished merge of other models or settings is here",
                where=str(self._url),
                cure=f"choose another prefix; what is here was begun by another run, and its "
                f"{JOURNAL} says by which",
            )


@contextmanager
def open_prefix(url: StoreUrl, layout: Layout, key: str) -> Generator[PrefixWriter]:
    """Return a writer for a prefix that is empty, or an unfinished run with this key.

    Raises:
        LexgraftError: the prefix holds something else, or the store refuses.
    """
    writer = PrefixWriter(url, layout, key)
    try:
        writer.open()
        yield writer
    except BaseException:
        with suppress(LexgraftError, OSError):
            writer.sync()
        raise
    finally:
        writer.close()


def finished_place(url: StoreUrl) -> Path | None:
    """Return a folder that stands in for a prefix that holds a finished merge; None: it does not.

    Raises:
        LexgraftError: what the store refuses.
    """
    names = list_folder(url)
    return stand_in(url) if MANIFEST in names and JOURNAL not in names else None


def _journal_in(stored: StoredObject) -> ShardJournal:
    """Return what an earlier run has noted of a file.

    Raises:
        LexgraftError: it is not as it was written.
    """
    where = str(stored.url)
    text = parse_json(read_range(stored, 0, stored.size), where)
    try:
        return msgspec.convert(text, ShardJournal, str_keys=True)
    except msgspec.ValidationError as error:
        cure = "remove it: this file of weights is then written anew"
        raise LexgraftError(f"a damaged journal: {error}", where=where, cure=cure) from error


def _check_empty(url: StoreUrl) -> None:
    """Raise when a prefix holds anything."""
    names = names_in(url)
    if names:
        raise LexgraftError(
            f"the prefix is not empty: it holds {names[0]!a}",
            where=str(url),
            cure="choose a new prefix, or empty this one",
        )
