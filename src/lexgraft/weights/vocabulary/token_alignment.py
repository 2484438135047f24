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


def map_vocabularies(base: TokenizerFile, document: TokenizerFile) -> VocabularyMap:
    """Return which id of another tokenizer stands for the same bytes as each id of the base.

    Text is compared by its bytes, whatever the two ways of spelling; a special token only meets a
    special token of the same name.

    Raises:
        LexgraftError: hardly a token is shared.
    """
    base_ids, document_ids = meanings(base), meanings(document)
    ids = np.full(base.size, -1, np.int64)
    for key, number in base_ids.items():
        ids[number] = document_ids.get(key, -1)
    shared = int((ids >= 0).sum())
    if shared < FEWEST * len(base_ids):
        raise LexgraftError(
            f"only {shared:,} of {len(base_ids):,} tokens are shared",
            where=document.where,
            cure="these vocabularies have nothing in common: a merge would mean nothing",
        )
    return VocabularyMap(ids, len(base_ids) - shared, len(document_ids) - shared)


def check_map(plan: VocabularyMap, base: TokenizerFile, document: TokenizerFile) -> None:
    """Raise unless a map joins equal tokens, each at most once, and misses none that is there.

    Raises:
        LexgraftError: an id joined to another token's, a special token joined to text, one id used
            twice, or a shared token left out.
    """
    if len(plan.ids) != base.size or int(plan.ids.max(initial=-1)) >= document.size:
        raise _alignment_error("it is of another size", document)
    base_keys = {number: key for key, number in meanings(base).items()}
    reach = meanings(document)
    document_keys = {number: key for key, number in reach.items()}
    used = plan.ids[plan.ids >= 0]
    if len(np.unique(used)) != len(used):
        raise _alignment_error("two tokens of the base have one row", document)
    for number, joined in enumerate(plan.ids.tolist()):
        key = base_keys.get(number)
        if joined < 0:
            if key in reach:
                raise _alignment_error(f"{key[1]!a} is in both and left out", document)
            continue
        key_there = document_keys.get(joined)
        if key is None or key_there != key:
            kinds = (
                f"{key and key[0]} {key and key[1]!a}",
                f"{key_there and key_there[0]} {key_there and key_there[1]!a}",
            )
            raise _alignment_error(
                f"id {number} is {kinds[0]}, id {joined} is {kinds[1]}", document
            )


def check_rows(
    plan: VocabularyMap,
    documents: tuple[TokenizerFile, TokenizerFile],
    base: TensorEntry,
    entry: TensorEntry,
) -> None:
    """Raise when the weights say that rows are numbered otherwise than the tokenizers do.

    Two models of one family have similar rows for one token. Where rows of equal id are far more
    alike than rows of equal token, one of the tokenizers is not its model's. Special tokens are
    looked at by themselves: they are few, and one that changed places with text is seen so. A
    number without a token, whose row is the base's row of a token, has lost that token.

    Raises:
        LexgraftError: a tokenizer does not belong to its weights.
    """
    if base.shape[1:] != entry.shape[1:]:
        return
    base_document, document = documents
    shared_rows = min(base.shape[0], entry.shape[0])
    renumbered = np.flatnonzero((plan.ids >= 0) & (plan.ids != np.arange(len(plan.ids))))
    renumbered = renumbered[(renumbered < shared_rows) & (plan.ids[renumbered] < entry.shape[0])]
    special = np.isin(renumbered, [base_document.added[token] for token in base_document.specials])
    reserved = np.isin(renumbered, [document.added[token] for token in document.specials])
    for chosen in (renumbered[~special], renumbered[special & ~reserved]):
        _check_moved(plan, chosen[:: max(1, len(chosen) // SAMPLE)][:SAMPLE], base, entry)
    for number in np.flatnonzero(plan.ids < 0).tolist():
        hole = number < min(shared_rows, document.size) and number not in document.tokens
        token = base_document.tokens.get(number)
        if hole and token is not None and _alike(base, entry, [number], [number]) > SAME:
            raise LexgraftError(
                f"no token has id {number}, and its row is that of {token!a:.80}",
                where=document.where,
                cure="this tokenizer has lost a token: get it again from its source",
            )


def _check_moved(
    plan: VocabularyMap, chosen: Int[np.ndarray, " moved"], base: TensorEntry, entry: TensorEntry
) -> None:
    """Raise where rows of one id are more alike than rows of one token."""
    if not len(chosen):
        return
    by_token = _alike(base, entry, chosen.tolist(), plan.ids[chosen].tolist())
    by_id = _alike(base, entry, chosen.tolist(), chosen.tolist())
    if by_id > max(by_token + DOUBT, ALIKE):
        raise LexgraftError(
            f"rows of one id are alike ({by_id:.2f}), rows of one token are not ({by_token:.2f}): "
            "a tokenizer does not belong to its weights",
            where=str(entry.file),
            cure="put the tokenizer that this model was trained with beside it",
        )


def _alike(
    base: TensorEntry, entry: TensorEntry, base_ids: list[int], entry_ids: list[int]
) -> float:
    """Return the mean cosine of rows of the base with rows of the other."""
    cosine = torch.nn.functional.cosine_similarity
    return float(cosine(gather(base, base_ids), gather(entry, entry_ids), dim=1).mean())


def _alignment_error(why: str, document: TokenizerFile) -> LexgraftError:
    """Return the error for a map that joins what is not the same."""
    return LexgraftError(
        f"a wrong alignment of vocabularies: {why}", where=document.where, cure="align them again"
    )
