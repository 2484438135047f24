"""Two vocabularies by token, not by id: which row of one model is which row of the other."""

from dataclasses import dataclass

import numpy as np
import torch

from lexgraft.arrays.shapes import Int
from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.tokenizer.token_bytes import meanings
from lexgraft.weights.tokenizer.tokenizer_file import TokenizerFile
from lexgraft.weights.vocabulary.new_rows import ALIKE, gather

FEWEST = 0.01  # share of the base's tokens below which two vocabularies have nothing in common
SAMPLE = 1_024  # rows compared to see whether weights and tokenizers belong together
DOUBT = 0.2  # cosine by which rows of one id may be more alike than rows of one token
SAME = 0.9  # cosine by which a row without a token is the row of the base's token


@dataclass(frozen=True)
class VocabularyMap:
    """For every id of the base, the id of the same token in another model; -1 where it lacks."""

    ids: Int[np.ndarray, " base"]
    lacking: int  # tokens of the base that the other has not
    further: int  # tokens of the other that the base has not

    @property
    def is_plain(self) -> bool:
        """Whether both models number every token alike."""
        return self.lacking == 0 and bool((self.ids == np.arange(len(self.ids))).all())


def map_vocabularies(base: TokenizerFile, other: TokenizerFile) -> VocabularyMap:
    """Return which id of another tokenizer stands for the same bytes as each id of the base.

    Text is compared by its bytes, whatever the two ways of spelling; a special token only meets a
    special token of the same name.

    Raises:
        LexgraftError: hardly a token is shared.
    """
    mine, theirs = meanings(base), meanings(other)
    ids = np.full(base.size, -1, np.int64)
    for key, number in mine.items():
        ids[number] = theirs.get(key, -1)
    shared = int((ids >= 0).sum())
    if shared < FEWEST * len(mine):
        raise LexgraftError(
            f"only {shared:,} of {len(mine):,} tokens are shared",
            where=other.where,
            cure="these vocabularies have nothing in common: a merge would mean nothing",
        )
    return VocabularyMap(ids, len(mine) - shared, len(theirs) - shared)


def check_map(plan: VocabularyMap, base: TokenizerFile, other: TokenizerFile) -> None:
    """Raise unless a map joins equal tokens, each at most once, and misses none that is there.

    Raises:
        LexgraftError: an id joined to another token's, a special token joined to text, one id used
            twice, or a shared token left out.
    """
    if len(plan.ids) != base.size or int(plan.ids.max(initial=-1)) >= other.size:
        raise _wrong("it is of another size", other)
    mine = {number: key for key, number in meanings(base).items()}
    reach = meanings(other)
    theirs = {number: key for key, number in reach.items()}
    used = plan.ids[plan.ids >= 0]
    if len(np.unique(used)) != len(used):
        raise _wrong("two tokens of the base have one row", other)
    for number, joined in enumerate(plan.ids.tolist()):
        key = mine.get(number)
        if joined < 0:
            if key in reach:
                raise _wrong(f"{key[1]!a} is in both and left out", other)
            continue
        found = theirs.get(joined)
        if key is None or found != key:
            kinds = (
                f"{key and key[0]} {key and key[1]!a}",
                f"{found and found[0]} {found and found[1]!a}",
            )
            raise _wrong(f"id {number} is {kinds[0]}, id {joined} is {kinds[1]}", other)


def check_rows(
    plan: VocabularyMap,
    documents: tuple[TokenizerFile, TokenizerFile],
    base: TensorEntry,
    other: TensorEntry,
) -> None:
    """Raise when the weights say that rows are numbered otherwise than the tokenizers do.

    Two models of one family have similar rows for one token. Where rows of equal id are far more
    alike than rows of equal token, one of the tokenizers is not its model's. Special tokens are
    looked at by themselves: they are few, and one that changed places with text is seen so. A
    number without a token, whose row is the base's row of a token, has lost that token.

    Raises:
        LexgraftError: a tokenizer does not belong to its weights.
    """
    if base.shape[1:] != other.shape[1:]:
        return
    mine, theirs = documents
    least = min(base.shape[0], other.shape[0])
    moved = np.flatnonzero((plan.ids >= 0) & (plan.ids != np.arange(len(plan.ids))))
    moved = moved[(moved < least) & (plan.ids[moved] < other.shape[0])]
    special = np.isin(moved, [mine.added[token] for token in mine.specials])
    reserved = np.isin(moved, [theirs.added[token] for token in theirs.specials])
    for chosen in (moved[~special], moved[special & ~reserved]):
        _check_moved(plan, chosen[:: max(1, len(chosen) // SAMPLE)][:SAMPLE], base, other)
    for number in np.flatnonzero(plan.ids < 0).tolist():
        hole = number < min(least, theirs.size) and number not in theirs.tokens
        if hole and number in mine.tokens and _alike(base, other, [number], [number]) > SAME:
            raise LexgraftError(
                f"no token has id {number}, and its row is that of {mine.tokens[number]!a:.80}",
                where=theirs.where,
                cure="this tokenizer has lost a token: get it again from its source",
            )


def _check_moved(
    plan: VocabularyMap, chosen: Int[np.ndarray, " moved"], base: TensorEntry, other: TensorEntry
) -> None:
    """Raise where rows of one id are more alike than rows of one token."""
    if not len(chosen):
        return
    by_token = _alike(base, other, chosen.tolist(), plan.ids[chosen].tolist())
    by_id = _alike(base, other, chosen.tolist(), chosen.tolist())
    if by_id > max(by_token + DOUBT, ALIKE):
        raise LexgraftError(
            f"rows of one id are alike ({by_id:.2f}), rows of one token are not ({by_token:.2f}): "
            "a tokenizer does not belong to its weights",
            where=str(other.file),
            cure="put the tokenizer that this model was trained with beside it",
        )


def _alike(base: TensorEntry, other: TensorEntry, mine: list[int], theirs: list[int]) -> float:
    """Return the mean cosine of rows of the base with rows of the other."""
    cosine = torch.nn.functional.cosine_similarity
    return float(cosine(gather(base, mine), gather(other, theirs), dim=1).mean())


def _wrong(why: str, other: TokenizerFile) -> LexgraftError:
    """Return the error for a map that joins what is not the same."""
    return LexgraftError(
        f"a wrong alignment of vocabularies: {why}", where=other.where, cure="align them again"
    )
