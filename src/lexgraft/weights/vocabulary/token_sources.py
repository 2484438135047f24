"""Whose row a token gets in an aligned vocabulary, where that is chosen token by token."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from lexgraft.errors import LexgraftError, nearest
from lexgraft.weights.tokenizer.tokenizer_file import TokenizerFile
from lexgraft.weights.vocabulary.aligned_rows import RowOverride

ZERO = "zero"


class TokenSource(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose row one token gets where a model lacks it; with `force`, in every model."""

    source: str  # a member's label, or `zero`
    token: str | int | None = None  # of that model, by spelling or id; None: the same token
    force: bool = False


def token_overrides(
    choices: Mapping[str, TokenSource],
    labels: Sequence[str],
    documents: Sequence[TokenizerFile],
    target: TokenizerFile,
) -> dict[int, RowOverride]:
    """Return the rows that were chosen token by token, by their id in the target.

    Args:
        choices: spelling of a token in the target → whose row it gets.
        labels: of the models, in their order.
        documents: their tokenizers, in the same order.
        target: the tokenizer that all will have.

    Raises:
        LexgraftError: a token or a model that there is not, with the nearest name.
    """
    ids = {**target.ids, **target.added}
    overrides: dict[int, RowOverride] = {}
    for spelled, choice in sorted(choices.items()):
        if spelled not in ids:
            raise LexgraftError(f"no token {spelled!a:.80}", cure=nearest(spelled, ids))
        if choice.source == ZERO:
            overrides[ids[spelled]] = RowOverride(None, 0, choice.force)
            continue
        if choice.source not in labels:
            raise LexgraftError(f"no model `{choice.source}`", cure=nearest(choice.source, labels))
        member = labels.index(choice.source)
        row = _row_of(choice.token, spelled, documents[member])
        overrides[ids[spelled]] = RowOverride(member, row, choice.force)
    return overrides


def _row_of(token: str | int | None, spelled: str, document: TokenizerFile) -> int:
    """Return the id of a token that was chosen in a model."""
    if isinstance(token, int):
        if not 0 <= token < document.size:
            raise LexgraftError(f"no id {token} in this tokenizer", where=document.where)
        return token
    ids = {**document.ids, **document.added}
    name = spelled if token is None else token
    if name not in ids:
        raise LexgraftError(
            f"no token {name!a:.80} here", where=document.where, cure=nearest(name, ids)
        )
    return ids[name]
