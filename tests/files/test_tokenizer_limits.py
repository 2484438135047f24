"""Parts of tokenizers: what any known one has passes, what would take all memory does not."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.files.tokenizer_limits import check_parts, check_tokenizer


def replacing(found: str, content: str, kind: str = "String") -> dict[str, Any]:
    return {"type": "Replace", "pattern": {kind: found}, "content": content}


def sequence(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Sequence", "normalizers": list(parts)}


def table(longest: int) -> dict[str, Any]:
    data = (4).to_bytes(4, "little") + b"trie" + b"a\0" + b"x" * longest + b"\0"
    return {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(data).decode()}


def piece(token: str) -> dict[str, Any]:
    return {"SpecialToken": {"id": token, "type_id": 0}}


KNOWN = [
    {"normalizer": None},
    {"normalizer": replacing(" ", "▁"), "decoder": replacing("▁", " ")},
    {"normalizer": sequence({"type": "Prepend", "prepend": "▁"}, replacing(" ", "▁"))},
    {"normalizer": sequence(table(33), replacing(" {2,}", "▁", "Regex"))},
    {"normalizer": sequence({"type": "NFC"}, replacing(r"\s+", " ", "Regex"))},
    {"normalizer": sequence(replacing("``", '"'), replacing("''", '"'), {"type": "NFKD"})},
    {"post_processor": {"type": "TemplateProcessing", "single": [piece("<s>")] * 5}},
]
HOSTILE = {
    "doubling": {"normalizer": sequence(*[replacing("a", "aa")] * 7)},
    "in pairs": {"normalizer": sequence(*[replacing("aa", "aaaa"), replacing("b", "a")] * 9)},
    "one long text": {"normalizer": replacing("a", "a" * 65)},
    "everywhere": {"normalizer": sequence(*[replacing("", "aaa")] * 4)},
    "by a pattern": {"normalizer": sequence(*[replacing(".", "aa", "Regex")] * 7)},
    "in the decoder": {"decoder": sequence(*[replacing("a", "aa")] * 7)},
    "before the text": {"normalizer": {"type": "Prepend", "prepend": "a" * 2000}},
    "by a table": {"normalizer": table(5000)},
    "by no table": {"normalizer": {"precompiled_charsmap": "!!!"}},
    "many": {"normalizer": sequence(*[{"type": "NFC"}] * 2000)},
    "many tokens": {"post_processor": {"single": [piece("<s>")] * 2000}},
    "a pattern without end": {"normalizer": replacing("(a+)+$", "b", "Regex")},
}


@pytest.mark.parametrize("parts", KNOWN, ids=str)
def test_what_known_tokenizers_have_passes(parts: dict[str, Any], tmp_path: Path) -> None:
    check_parts(parts, "here")
    (tmp_path / "tokenizer.json").write_text(json.dumps(parts), encoding="utf-8")
    check_tokenizer(tmp_path)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_lengthens_or_repeats_without_measure_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(LexgraftError, match=r"refused"):
        check_parts(HOSTILE[name], "here")
    (tmp_path / "tokenizer.json").write_text(json.dumps(HOSTILE[name]), encoding="utf-8")
    with pytest.raises(LexgraftError, match="refused"):
        check_tokenizer(tmp_path)


def test_levels_without_end_are_refused() -> None:
    tree: dict[str, Any] = {"type": "NFC"}
    for _ in range(40):
        tree = sequence(tree)
    with pytest.raises(LexgraftError, match="more than 32 levels"):
        check_parts({"normalizer": tree}, "here")


def test_a_folder_without_a_tokenizer_passes(tmp_path: Path) -> None:
    check_tokenizer(tmp_path)
