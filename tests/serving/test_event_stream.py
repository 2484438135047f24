"""Server-sent events as the standard has them, in pieces of any length."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraft.serving.event_stream import EventReader, write_event

CASES = {
    "one": (b"data: a\n\n", [b"a"]),
    "several lines": (b"data: a\ndata:b\ndata:  c\n\n", [b"a\nb\n c"]),
    "a mark before": (b"\xef\xbb\xbfdata: a\n\n", [b"a"]),
    "a mark alone is a name": (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [b"a"]),
    "ends of all three kinds": (b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", [b"a", b"b", b"c"]),
    "mixed ends": (b"data: a\rdata: b\r\n\ndata: c\n\r\n", [b"a\nb", b"c"]),
    "comments": (b": hi\n\ndata: a\n: hi\ndata: b\n\n:\n\n", [b"a\nb"]),
    "other fields": (b"event: x\nid: 1\nretry: 9\nnone\ndata: a\n\n", [b"a"]),
    "no data": (b"event: x\n\nid: 1\n\n\n\n", []),
    "empty data": (b"data\n\ndata:\n\ndata\ndata\n\n", [b"", b"", b"\n"]),
    "a name that begins alike": (b"data2: x\n data: y\ndata: a\n\n", [b"a"]),
    "colons": (b"data::a:b\n\n", [b":a:b"]),
    "no blank line": (b"data: a\n\ndata: b\n", [b"a"]),
    "nothing": (b"", []),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_events_are_read_as_the_standard_says(name: str, size: int) -> None:
    sent, expected = CASES[name]
    reader, found = EventReader(1000), []
    for start in range(0, len(sent), size):
        found += reader.feed(sent[start : start + size])
    assert found == expected


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.text("a: \r\né", max_size=9), max_size=9), st.lists(st.integers(1, 9), min_size=1)
)
def test_what_is_written_is_what_is_read(texts: list[str], sizes: list[int]) -> None:
    sent = b"".join(write_event(text.encode(), "x") for text in texts)
    reader, found, offset = EventReader(10_000), [], 0
    while offset < len(sent):
        size = sizes[offset % len(sizes)]
        found += reader.feed(sent[offset : offset + size])
        offset += size
    plain = [text.encode().replace(b"\r\n", b"\n").replace(b"\r", b"\n") for text in texts]
    assert found == plain


@pytest.mark.parametrize("sent", [b"x" * 101, b"data: " + b"x" * 96, b"data: x\n" * 110])
def test_an_event_without_end_is_refused(sent: bytes) -> None:
    reader = EventReader(100)
    with pytest.raises(ValueError, match="more than 100 bytes"):
        all(reader.feed(bytes([sign])) == [] for sign in sent)


def test_comments_without_end_hold_nothing() -> None:
    reader = EventReader(100)
    for _ in range(1000):
        assert reader.feed(b": still here\n") == []


def test_an_event_that_drips_takes_time_by_its_length_alone() -> None:
    reader, began = EventReader(1 << 20), time.process_time()
    for _ in range(200_000):
        reader.feed(b"x")
    assert time.process_time() - began < 1
