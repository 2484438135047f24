"""JSON from strangers is text, with each key once and nothing that could not be written again."""

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.files.safe_json import parse_json


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": "\\ud800"}',
        b'{"\\uDFFF": 1}',
        b'{"a": ["x", {"b": "\\uDc00\\ud83d"}]}',
        b'{"a": "\\ude00\\ud83d"}',
    ],
)
def test_half_of_a_surrogate_pair_is_refused(data: bytes) -> None:
    with pytest.raises(LexgraftError, match="half of a pair of surrogates") as error:
        parse_json(data, "config.json")
    assert error.value.cure


def test_whole_pairs_are_signs() -> None:
    assert parse_json(b'{"a": "\\ud83d\\ude00", "b": "\\\\ud800"}', "x") == {
        "a": "\U0001f600",
        "b": "\\ud800",
    }


@pytest.mark.parametrize(
    "data", [b"[" * 100_000, b'{"a": 1, "a": 2}', b'{"a": NaN}', b"[]", b"\xff", b"", b"9" * 5000]
)
def test_what_is_no_object_is_refused_with_a_cure(data: bytes) -> None:
    with pytest.raises(LexgraftError) as error:
        parse_json(data, "x.json")
    assert error.value.where == "x.json"
    assert error.value.cure
