"""The tokenizer files of a expanded vocabulary: every id in its place, no hole, nothing moved."""

import json
import re
from collections.abc import Mapping
from typing import Any

from lexgraft.weights.tokenizer.tokenizer_file import TokenizerFile, check_document, merge_pairs
from lexgraft.weights.vocabulary.expansion import Expansion
from lexgraft.weights.vocabulary.sentencepiece import MODEL

HOLE = "<unused-id-{}>"  # stands where the base has an id without a token


_FORMATS = re.compile(r"(?:\.(?:model(?:\.v\w+)?|tiktoken|spm|codes|bpe|vocab)|^tekken\.json)$")
"""Other files that hold a whole vocabulary, beside those that are written with the new words."""


def expanded_content(expansion: Expansion) -> dict[str, Any]:
    """Return tokenizer.json with the additions; all ids of the base are as they were.

    Added tokens that the base keeps beside its vocabulary enter it at their own ids: the
    tokenizers package would number them anew after the larger vocabulary otherwise.
    """
    base = expansion.base
    model = dict(base.model)
    spellings = [base.tokens.get(number, HOLE.format(number)) for number in range(base.size)]
    if base.kind == "Unigram":
        model["vocab"] = _pieces(expansion, spellings)
    else:
        tokens = base.tokens if base.kind == "BPE" else dict(enumerate(spellings))
        ids = {tokens[number]: number for number in sorted(tokens)}
        model["vocab"] = ids | {new.token: new.id for new in expansion.additions}
    if expansion.merges:
        listed = model["merges"]
        plain = bool(listed) and isinstance(listed[0], str)
        model["merges"] = [
            *listed,
            *([" ".join(m) if plain else list(m) for m in expansion.merges]),
        ]
    return {**base.content, "model": model}


def expanded_tokenizer(expansion: Expansion) -> TokenizerFile:
    """Return the expanded tokenizer, checked like any other."""
    return check_document(expanded_content(expansion), expansion.base.where)


def tokenizer_files(expansion: Expansion, sides: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return a folder's side files with the tokenizer grown, but for a SentencePiece model.

    A vocabulary in a format that is not written here is left out: it would not know the new words.

    Args:
        expansion: What is added.
        sides: The files of the base's folder, by name.
    """
    content = expanded_content(expansion)
    files = {name: sides[name] for name in sides if name == MODEL or not _FORMATS.search(name)}
    files["tokenizer.json"] = _json(content)
    if "vocab.txt" in sides:
        ids = content["model"]["vocab"]
        files["vocab.txt"] = "".join(f"{token}\n" for token in sorted(ids, key=ids.get)).encode()
        if expansion.base.kind != "WordPiece":
            del files["vocab.txt"]
    if "vocab.json" in sides:
        files["vocab.json"] = _json(content["model"]["vocab"])
    if "merges.txt" in sides:
        lines = (" ".join(pair) for pair in merge_pairs(content["model"]))
        files["merges.txt"] = "\n".join(["#version: 0.2", *lines, ""]).encode()
    return files


def _pieces(expansion: Expansion, spellings: list[str]) -> list[list[Any]]:
    """Return a list of pieces in which every position is the id."""
    listed: list[list[Any]] = expansion.base.model["vocab"]
    lowest = min(float(score) for _, score in listed)
    missing = [[token, lowest] for token in spellings[len(listed) :]]
    return [*listed, *missing, *([new.token, new.score] for new in expansion.additions)]


def _json(value: object) -> bytes:
    """Return JSON text without the white space that doubles a large vocabulary."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
