"""Tokenizer files made to harm: each is refused, in bounded time and memory."""

import json
import resource
from pathlib import Path
from typing import Any

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.weights.tokenizer.tokenizer_engine import TokenizerEngine
from lexgraft.weights.tokenizer.tokenizer_file import read_document

pytestmark = pytest.mark.slow  # hostile files are large

SECONDS, KIBIBYTES = 5.0, 1 << 20  # of one processor; 1 GiB more than before


def bpe(**parts: Any) -> dict[str, Any]:
    vocab = {"a": 0, "b": 1, "ab": 2, "aba": 3}
    return {"model": {"type": "BPE", "vocab": vocab, "merges": [["a", "b"]]}} | parts


def split(pattern: str, depth: int = 0) -> dict[str, Any]:
    part: Any = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated"}
    for _ in range(depth):
        part = {"type": "Sequence", "pretokenizers": [part]}
    return {"pre_tokenizer": part | {"invert": False}}


def merged(*merges: list[str]) -> dict[str, Any]:
    content = bpe()
    return {"model": content["model"] | {"merges": list(merges)}}


def refused(folder: Path, why: str) -> None:
    """Assert that a folder's tokenizer is refused within the limits of this file."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    with pytest.raises(LexgraftError, match=why):
        TokenizerEngine(read_document(folder))
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < SECONDS
    assert after.ru_maxrss - before.ru_maxrss < KIBIBYTES


ROWS = [{"id": 4 + n, "content": f"<{n}>", "special": True} for n in range(30_000)]
HOSTILE: dict[str, tuple[dict[str, Any], str]] = {
    "a pattern that repeats a repetition": (bpe(**split("(a+)+$")), "repeats a group"),
    "a pattern that repeats an option": (bpe(**split("(aa?)+$")), "repeats a group"),
    "a pattern that repeats options by number": (bpe(**split("(a?){30}a{30}")), "repeats a group"),
    "a pattern of many options": (bpe(**split("a?" * 30 + "a" * 30)), "optional parts"),
    "a pattern deep inside": (bpe(**split("(a+)+$", 100)), "levels"),
    "a pattern that stands elsewhere": (
        bpe(normalizer={"type": "Replace", "pattern": {"Regex": "(a|a)*$"}, "content": ""}),
        "repeats a group",
    ),
    "a merge of itself and nothing": (merged(["ab", ""], ["a", "b"]), "of no two tokens"),
    "merges in a circle": (merged(["a", "b"], ["ab", "a"], ["aba", ""]), "of no two tokens"),
    "a merge of what it makes": (merged(["ab", "ab"]), "makes no token"),
    "one merge again and again": (merged(*[["a", "b"]] * 10_000), "occurs twice"),
    "two tokens of one id": (
        {"model": {"type": "BPE", "vocab": {"a": 0, "b": 0}, "merges": []}},
        "two tokens have one id",
    ),
    "an added token with a token's id": (
        bpe(added_tokens=[{"id": 0, "content": "<s>", "special": True}]),
        "another's id",
    ),
    "two added tokens of one id": (
        bpe(added_tokens=[{"id": 9, "content": text} for text in ("<s>", "</s>")]),
        "another's id",
    ),
    "thirty thousand added tokens": (bpe(added_tokens=ROWS), "more than 20,000 added"),
    "a table that makes the package panic": (
        bpe(normalizer={"type": "Precompiled", "precompiled_charsmap": "AAAA////"}),
        "not a tokenizer that works",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_tokenizer_is_refused_within_limits(tmp_path: Path, name: str):
    content, why = HOSTILE[name]
    (tmp_path / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    refused(tmp_path, why)


def test_a_file_of_a_gigabyte_is_refused_unread(tmp_path: Path):
    with (tmp_path / "tokenizer.json").open("wb") as file:
        file.truncate(1_000_000_000)  # sparse: takes no space
    refused(tmp_path, "larger than 134,217,728 bytes")


@pytest.mark.slow
def test_a_file_that_is_small_until_it_is_in_memory_is_refused_unparsed(tmp_path: Path):
    """Fifteen million empty lists are 45 MB of text, and 0.9 GB once they are lists."""
    lists = b"[" + b"[]," * 15_000_000 + b"[]]"
    (tmp_path / "tokenizer.json").write_bytes(b'{"model": ' + lists + b"}")
    refused(tmp_path, "more than 16,000,000 values")


def test_a_tokenizer_that_is_none_of_these_is_read(tmp_path: Path):
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    rows = [row | flags for row in ROWS[:2]]
    content = bpe(**split(r"\p{L}+| ?\d{1,3}"), added_tokens=rows)
    (tmp_path / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    assert TokenizerEngine(read_document(tmp_path)).encode(["abab"]) == [[2, 2]]
