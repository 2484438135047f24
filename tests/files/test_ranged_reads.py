"""Windows of an object, fetched ahead or not, are those of a file."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraft.errors import LexgraftError
from lexgraft.files import ranged_reads
from lexgraft.files.ranged_reads import ReadAhead
from lexgraft.files.store_url import StoredObject, StoreUrl

URL = StoreUrl("s3", "bucket/model.safetensors")


@settings(max_examples=100, deadline=None)
@given(
    content=st.binary(min_size=1, max_size=400),
    reads=st.lists(
        st.tuples(st.integers(0, 399), st.integers(0, 120), st.integers(0, 200)), max_size=25
    ),
    limit=st.integers(0, 300),
)
def test_ranged_windows_are_those_of_a_file(
    content: bytes, reads: list[tuple[int, int, int]], limit: int
) -> None:
    stored = StoredObject(URL, len(content), "tag")

    def read(_stored: StoredObject, start: int, view: memoryview) -> None:
        view[:] = content[start : start + len(view)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranged_reads, "read_into", read)
        reader = ReadAhead(limit)
        for start, length, ahead in reads:
            stop = min(start + length, len(content))
            window = bytearray(max(0, stop - start))
            reader.fill(stored, start, memoryview(window), ahead)
            assert window == content[start:stop]


def test_what_was_fetched_of_an_object_is_not_given_for_the_one_that_replaced_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    came = threading.Event()

    def read(stored: StoredObject, start: int, view: memoryview) -> None:
        view[:] = stored.tag.encode() * len(view)
        if start == 10:
            came.set()

    monkeypatch.setattr(ranged_reads, "read_into", read)
    reader, window = ReadAhead(), memoryview(bytearray(10))
    reader.fill(StoredObject(URL, 30, "1"), 0, window, 10)
    assert came.wait(10)
    reader.fill(StoredObject(URL, 30, "2"), 10, window, 0)
    assert bytes(window) == b"2" * 10


def test_the_next_window_is_fetched_while_this_one_is_in_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[int, int]] = []
    came = threading.Event()

    def read(_stored: StoredObject, start: int, view: memoryview) -> None:
        seen.append((start, start + len(view)))
        if start == 10:
            came.set()

    monkeypatch.setattr(ranged_reads, "read_into", read)
    reader, window = ReadAhead(), memoryview(bytearray(10))
    stored = StoredObject(URL, 30, "tag")
    reader.fill(stored, 0, window, 10)
    assert came.wait(10)  # before anybody asks for it
    reader.fill(stored, 10, window, 0)
    assert sorted(seen) == [(0, 10), (10, 20)]  # once each


def test_what_went_wrong_ahead_is_said_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_stored: StoredObject, start: int, view: memoryview) -> None:
        if start:
            raise LexgraftError("the object was replaced while it was in use")

    monkeypatch.setattr(ranged_reads, "read_into", read)
    reader, window = ReadAhead(), memoryview(bytearray(10))
    reader.fill(StoredObject(URL, 30, "tag"), 0, window, 10)
    with pytest.raises(LexgraftError, match="replaced"):
        reader.fill(StoredObject(URL, 30, "tag"), 10, window, 0)
