"""A tokenizer.json from a stranger: every limit checked before anything is built of it."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast

from lexgraft.errors import LexgraftError
from lexgraft.files.safe_json import read_json
from lexgraft.files.tokenizer_limits import LIMIT, broken, check_parts, components
from lexgraft.weights.checkpoint.checkpoint_index import regular_file

TOKENIZER = "tokenizer.json"
TOKENS, MERGES, ADDED = 2_000_000, 4_000_000, 20_000
LENGTH = 1_024  # characters of a token
KINDS = ("BPE", "Unigram", "WordPiece")

Kind = Literal["BPE", "Unigram", "WordPiece"]
Alphabet = Literal["bytes", "spaces", "words"]
"""How tokens are spelled: bytes as signs (GPT-2), ▁ for a space, or `##` inside words."""


@dataclass(frozen=True)
class TokenizerFile:
    """A checked tokenizer.json: its content, and what every other part asks of it."""

    where: str
    content: Mapping[str, Any]
    kind: Kind
    ids: Mapping[str, int]  # of the model
    added: Mapping[str, int]  # found whole in a text before anything cuts it
    specials: frozenset[str]  # of those, the ones that are no text

    @cached_property
    def size(self) -> int:
        """The highest id and one."""
        return 1 + max((*self.ids.values(), *self.added.values()))

    @cached_property
    def tokens(self) -> Mapping[int, str]:
        """The spelling of every id."""
        model_tokens = {number: token for token, number in self.ids.items()}
        return model_tokens | {number: token for token, number in self.added.items()}

    @property
    def model(self) -> dict[str, Any]:
        """The part that says how words are cut."""
        return cast("dict[str, Any]", self.content["model"])

    @cached_property
    def alphabet(self) -> Alphabet:
        """How this tokenizer spells."""
        if self.kind == "WordPiece":
            return "words"
        trees = (self.content.get(name) for name in ("normalizer", "pre_tokenizer", "decoder"))
        kinds = {component.get("type") for tree in trees for component in components(tree)}
        return "bytes" if "ByteLevel" in kinds else "spaces"

    @property
    def byte_fallback(self) -> bool:
        """Whether characters without a token are spelled in bytes, `<0xE6>`."""
        return self.model.get("byte_fallback") is True


def read_document(folder: Path) -> TokenizerFile:
    """Return the tokenizer of a model folder.

    Raises:
        LexgraftError: missing, too large, or anything in it hostile, broken or of another kind.
    """
    path = regular_file(folder, TOKENIZER)
    return check_document(read_json(path, LIMIT), str(path))


def check_document(content: Mapping[str, Any], where: str) -> TokenizerFile:
    """Return a tokenizer.json that was read as a document, or refuse it."""
    model = content.get("model")
    if not isinstance(model, dict) or model.get("type") not in KINDS:
        raise LexgraftError(f"no model of a known kind ({', '.join(KINDS)})", where=where)
    check_parts(content, where)
    kind: Kind = model["type"]
    ids = _pieces(model, where) if kind == "Unigram" else _ids(model, where)
    added, specials = _added(content, ids, where)
    if kind == "BPE":
        _check_merges(model, ids, where)
    return TokenizerFile(where, content, kind, ids, added, specials)


def merge_pairs(model: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the merges of a BPE model, whichever of the two ways they are written."""
    for merge in model["merges"]:
        first, second = merge.split(" ") if isinstance(merge, str) else merge
        yield first, second


def _ids(model: Mapping[str, Any], where: str) -> dict[str, int]:
    """Return a vocabulary that maps tokens to ids."""
    vocab = model.get("vocab")
    if not isinstance(vocab, dict) or not 0 < len(vocab) <= TOKENS:
        raise broken(f"no vocabulary, or one of more than {TOKENS:,} tokens", where)
    ids = cast("dict[str, int]", vocab)
    if not all(type(number) is int and 0 <= number < TOKENS for number in ids.values()):
        raise broken("a token's id is no number in range", where)
    if len(frozenset(ids.values())) != len(ids):
        raise broken("two tokens have one id", where)
    _check_length(max(ids, key=len), where)
    return ids


def _pieces(model: Mapping[str, Any], where: str) -> dict[str, int]:
    """Return a vocabulary that lists pieces with scores."""
    vocab = model.get("vocab")
    if not isinstance(vocab, list) or not 0 < len(vocab) <= TOKENS:
        raise broken(f"no vocabulary, or one of more than {TOKENS:,} pieces", where)
    ids: dict[str, int] = {}
    for number, row in enumerate(vocab):
        match row:
            case [str(piece), float() | int() as score] if math.isfinite(score):
                ids.setdefault(piece, number)
            case _:
                raise broken(f"piece {number} is not a text with a score", where)
    if len(ids) != len(vocab):
        raise broken("a piece occurs twice", where)
    _check_length(max(ids, key=len), where)
    return ids


def _added(
    content: Mapping[str, Any], ids: Mapping[str, int], where: str
) -> tuple[dict[str, int], frozenset[str]]:
    """Return the tokens that are found whole, and the special ones among them."""
    rows = content.get("added_tokens") or []
    if not isinstance(rows, list) or len(rows) > ADDED:
        raise broken(f"more than {ADDED:,} added tokens", where)
    tokens = {number: token for token, number in ids.items()}
    added: dict[str, int] = {}
    specials: set[str] = set()
    for row in rows:
        match row:
            case {"content": str(text), "id": int(number), **rest} if text and 0 <= number < TOKENS:
                pass
            case _:
                raise broken("an added token without text or id", where)
        if tokens.get(number, text) != text or ids.get(text, number) != number or text in added:
            raise broken(f"added token {text[:80]!a} has another's id or two ids", where)
        _check_length(text, where)
        tokens[number], added[text] = text, number
        if rest.get("special") is True:
            specials.add(text)
    return added, frozenset(specials)


def _check_merges(model: Mapping[str, Any], ids: Mapping[str, int], where: str) -> None:
    """Raise unless every merge makes a longer token of two, once, all in the vocabulary."""
    merges = model.get("merges")
    if not isinstance(merges, list) or len(merges) > MERGES:
        raise broken(f"no merges, or more than {MERGES:,}", where)
    if model.get("dropout") or any(
        model.get(key) for key in ("continuing_subword_prefix", "end_of_word_suffix")
    ):
        raise broken("BPE with dropout, or with marks inside or at the end of words", where)
    pairs: set[tuple[str, str]] = set()
    try:
        for first, second in merge_pairs(model):
            if not first or not second or first not in ids or second not in ids:
                raise broken(f"merge {first!a} {second!a} is of no two tokens", where)
            if first + second not in ids:
                raise broken(f"merge {first!a} {second!a} makes no token", where)
            pairs.add((first, second))
    except (ValueError, TypeError, AttributeError) as error:
        raise broken("a merge that is no pair of tokens", where) from error
    if len(pairs) != len(merges):
        raise broken("a merge occurs twice", where)


def _check_length(token: str, where: str) -> None:
    """Raise for a token that is too long."""
    if len(token) > LENGTH:
        raise broken(f"a token of {len(token):,} characters", where)
