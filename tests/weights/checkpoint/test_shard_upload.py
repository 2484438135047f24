"""A file of weights in parts: whatever comes when, and after a kill, the same bytes appear."""

import hashlib
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraft.errors import LexgraftError
from lexgraft.files import object_uploads
from lexgraft.files.object_uploads import UploadQueue
from lexgraft.files.store_url import StoreUrl
from lexgraft.weights.checkpoint.file_layout import Slot
from lexgraft.weights.checkpoint.shard_upload import ShardUpload

URL, RUN, HEADER = StoreUrl("s3", "bucket/model.safetensors"), "run", b"0123456789"


@dataclass
class Store:
    """One object of a store of S3's protocol, in memory."""

    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict[str, dict[int, bytes]])
    content: bytes | None = None
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    sent: int = 0

    def call(self, _url: StoreUrl, method: str, **given: Any) -> dict[str, Any]:
        return getattr(self, method)(**given)

    def create_multipart_upload(self, **_: Any) -> dict[str, Any]:
        name = f"upload {len(self.uploads)}"
        self.uploads[name] = {}
        return {"UploadId": name}

    def upload_part(self, **given: Any) -> dict[str, Any]:
        self.sent += 1
        self.uploads[given["UploadId"]][given["PartNumber"]] = bytes(given["Body"])
        return {"ETag": hashlib.md5(given["Body"]).hexdigest()}

    def list_parts(self, **given: Any) -> dict[str, Any]:
        if given["UploadId"] not in self.uploads:
            raise FileNotFoundError
        parts = self.uploads[given["UploadId"]].items()
        listed = [
            {"PartNumber": n, "ETag": hashlib.md5(data).hexdigest(), "Size": len(data)}
            for n, data in parts
        ]
        return {"Parts": listed, "IsTruncated": False}

    def head_object(self, **_: Any) -> dict[str, Any]:
        if self.content is None:
            raise FileNotFoundError
        return {"Metadata": self.metadata}

    def put_object(self, **given: Any) -> dict[str, Any]:
        self.content, self.metadata = bytes(given["Body"]), given["Metadata"]
        return {}

    def abort_multipart_upload(self, **given: Any) -> dict[str, Any]:
        del self.uploads[given["UploadId"]]
        return {}

    def complete_multipart_upload(self, **given: Any) -> dict[str, Any]:
        parts = self.uploads.pop(given["UploadId"])
        named = [part["PartNumber"] for part in given["MultipartUpload"]["Parts"]]
        assert named == [*range(1, len(parts) + 1)]
        self.content = b"".join(parts[number] for number in named)
        return {}


Drawn = tuple[list[bytes], int, list[int], list[bool]]


@st.composite
def files(draw: st.DrawFn) -> Drawn:
    """Draw tensors in a row, the bytes of a part, an order, and which of them are written twice."""
    contents = draw(st.lists(st.binary(max_size=60), min_size=1, max_size=12))
    order = draw(st.permutations(range(len(contents))))
    twice = draw(st.lists(st.booleans(), min_size=len(contents), max_size=len(contents)))
    return contents, draw(st.integers(3, 40)), order, twice


def slots_of(contents: list[bytes]) -> list[Slot]:
    ends = [*accumulate(map(len, contents), initial=len(HEADER))]
    return [
        Slot(f"t{number:02d}", "U8", (stop - start,), "model.safetensors", start, stop - start)
        for number, (start, stop) in enumerate(pairwise(ends))
    ]


def write(shard: ShardUpload, slot: Slot, content: bytes, *, twice: bool) -> None:
    for data in [bytes(len(content)), content] if twice else [content]:
        for start in range(0, len(data), 7):
            shard.write(slot.offset + start, memoryview(data)[start : start + 7])
    shard.note(slot.name, {"digest": slot.name})


@settings(max_examples=150, deadline=None)
@given(drawn=files(), killed_after=st.integers(0, 12), lost=st.integers(0, 3))
def test_parts_make_the_file_whatever_the_order_and_after_a_kill(
    drawn: Drawn, killed_after: int, lost: int
) -> None:
    contents, part, order, twice = drawn
    store, slots = Store(), slots_of(contents)
    size = slots[-1].offset + slots[-1].length
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(object_uploads, "call_s3", store.call)
        patch.setattr(object_uploads, "PART", part)
        queue = UploadQueue()
        first = ShardUpload(URL, HEADER, size, slots, queue)
        assert first.begin(RUN)
        for number in order[:killed_after]:
            write(first, slots[number], contents[number], twice=twice[number])
        queue.close()
        journal = first.journal()
        assert store.content is None  # nothing is seen before the end
        for number in [*store.uploads[first.upload]][:lost]:
            del store.uploads[first.upload][number]  # a part that the store no longer has
        queue = UploadQueue()
        again = ShardUpload(URL, HEADER, size, slots, queue)
        again.restore(journal, RUN)
        assert not again.begin(RUN)  # the upload of the run before goes on
        for number in order:
            if slots[number].name not in again.records:
                write(again, slots[number], contents[number], twice=twice[number])
        again.settle()
        again.complete(RUN)
        queue.close()
    assert store.content == HEADER + b"".join(contents)
    assert not store.uploads


def test_what_is_finished_and_in_the_store_is_not_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, slots = Store(), slots_of([b"a" * 90, b"b" * 9])
    monkeypatch.setattr(object_uploads, "call_s3", store.call)
    monkeypatch.setattr(object_uploads, "PART", 20)
    queue = UploadQueue()
    first = ShardUpload(URL, HEADER, 109, slots, queue)
    first.begin(RUN)
    write(first, slots[0], b"a" * 90, twice=False)
    queue.close()
    assert store.sent == 5
    again = ShardUpload(URL, HEADER, 109, slots, UploadQueue())
    again.restore(first.journal(), RUN)
    assert list(again.records) == ["t00"]
    write(again, slots[1], b"b" * 9, twice=False)
    again.settle()
    again.complete(RUN)
    assert store.sent == 6
    assert store.content == HEADER + b"a" * 90 + b"b" * 9


def test_a_store_that_ignores_conditions_does_not_lose_what_another_has_put_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Store()  # takes no notice of If-None-Match, as older stores do
    monkeypatch.setattr(object_uploads, "call_s3", store.call)
    upload = object_uploads.begin_upload(URL, RUN)
    part = object_uploads.upload_part(URL, upload, 1, bytearray(b"ours"))
    store.content = b"another's"
    with pytest.raises(LexgraftError, match="another object was put here"):
        object_uploads.complete_upload(URL, upload, [part], RUN)
    with pytest.raises(LexgraftError, match="another object was put here"):
        object_uploads.put_new(URL, b"ours", RUN)
    assert store.content == b"another's"
    store.content, store.metadata = b"ours", {"lexgraft": RUN}
    object_uploads.put_new(URL, b"ours again", RUN)
    assert store.content == b"ours again"
