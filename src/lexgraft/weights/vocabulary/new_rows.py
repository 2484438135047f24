"""Rows of new tokens: from a donor where it has them, else from the pieces they replace."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from lexgraft.arrays.shapes import Float, Float32
from lexgraft.errors import LexgraftError
from lexgraft.files.safe_json import read_json
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.input_model import read_rows
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.checkpoint.tensor_names import role_of
from lexgraft.weights.tokenizer.token_bytes import meanings
from lexgraft.weights.tokenizer.tokenizer_file import TokenizerFile
from lexgraft.weights.vocabulary.expansion import AddedToken
from lexgraft.weights.vocabulary.transplant import combine

How = Literal["auto", "mean", "donor", "sparse"]
SHARED = 4_096  # tokens by which two spaces are compared or joined
FEWEST = 32  # of them, below which there is nothing to join by
ALIKE = 0.5  # mean cosine of shared rows from which two models have one space


@dataclass(frozen=True)
class RowDonor:
    """A model that has some of the new tokens."""

    checkpoint: Checkpoint
    document: TokenizerFile


@dataclass(frozen=True)
class NewRows:
    """The rows of all additions for one tensor, and how each came about."""

    values: Float32[Tensor, "new *width"]
    origins: tuple[str, ...]


def stated_size(checkpoint: Checkpoint) -> int:
    """Return the rows of a model's vocabulary, as its configuration says."""
    config = read_json(checkpoint.folder / "config.json")
    inner = config.get("text_config")
    size = config.get("vocab_size", inner.get("vocab_size") if isinstance(inner, dict) else None)
    if type(size) is not int:
        raise LexgraftError("config.json names no vocab_size", where=str(checkpoint.folder))
    return size


def vocabulary_tensors(checkpoint: Checkpoint, rows: int) -> tuple[str, ...]:
    """Return the names of the tensors that have a row per token: embeddings, heads, their biases.

    Raises:
        LexgraftError: there is none with so many rows.
    """
    found = tuple(
        name
        for name, entry in checkpoint.tensors.items()
        if role_of(name) in {"embedding", "head"} and entry.shape and entry.shape[0] == rows
    )
    if not any(role_of(name) == "embedding" for name in found):
        raise LexgraftError(
            f"no embedding of {rows:,} rows, as config.json says",
            where=str(checkpoint.folder),
            cure="weights and configuration belong to different models",
        )
    return found


def embedding_name(checkpoint: Checkpoint) -> str:
    """Return the name of the tensor in which input tokens are looked up."""
    names = vocabulary_tensors(checkpoint, stated_size(checkpoint))
    return next(
        name
        for name in names
        if role_of(name) == "embedding" and len(checkpoint.tensors[name].shape) > 1
    )


def head_name(checkpoint: Checkpoint) -> str | None:
    """Return the name of the tensor that writes tokens; None where it is the embedding."""
    names = vocabulary_tensors(checkpoint, stated_size(checkpoint))
    heads = (n for n in names if role_of(n) == "head" and len(checkpoint.tensors[n].shape) > 1)
    return next(heads, None)


def bias_name(checkpoint: Checkpoint) -> str | None:
    """Return the name of the output head's bias; None without one."""
    names = vocabulary_tensors(checkpoint, stated_size(checkpoint))
    return next((name for name in names if len(checkpoint.tensors[name].shape) == 1), None)


def opening_rows(
    entry: TensorEntry, additions: Sequence[AddedToken]
) -> Float32[Tensor, "new *width"]:
    """Return the row of each addition's first piece."""
    return gather(entry, [new.parts[0] for new in additions])


def gather(entry: TensorEntry, ids: Sequence[int]) -> Float32[Tensor, "row *width"]:
    """Return rows of a tensor, neighbours read together."""
    wanted = sorted(frozenset(ids))
    place = {number: at for at, number in enumerate(wanted)}
    runs: list[tuple[int, int]] = []
    for number in wanted:
        if runs and runs[-1][1] == number:
            runs[-1] = runs[-1][0], number + 1
        else:
            runs.append((number, number + 1))
    if not runs:
        return torch.zeros(0, *entry.shape[1:])
    read = torch.cat([read_rows(entry, start, stop) for start, stop in runs])
    return read[torch.tensor([place[number] for number in ids])]


def mean_rows(entry: TensorEntry, additions: Sequence[AddedToken]) -> Float32[Tensor, "new *width"]:
    """Return the mean of each addition's pieces, as long as the pieces are on average."""
    ids = [part for new in additions for part in new.parts]
    pieces, made, at = gather(entry, ids), list[Tensor](), 0
    for new in additions:
        own = pieces[at : at + len(new.parts)]
        at += len(new.parts)
        made.append(own.mean(0) if own.dim() == 1 else _as_long_as(own.mean(0), own))
    return torch.stack(made)


def new_rows(
    entry: TensorEntry,
    additions: Sequence[AddedToken],
    base: TokenizerFile,
    donor: RowDonor | None,
    how: How,
) -> NewRows:
    """Return the rows of all additions for one tensor of the base.

    A donor's rows are taken as they are where the two models have one space (mean cosine of shared
    rows over a half), and as sparse combinations of shared tokens elsewhere.

    Raises:
        LexgraftError: rows of a donor are asked for and there is none that could be used.
    """
    values = mean_rows(entry, additions)
    origins = ["mean"] * len(additions)
    theirs = _tensor_of(donor, entry) if donor and how != "mean" and len(entry.shape) > 1 else None
    if theirs is None or donor is None:
        if how in {"donor", "sparse"} and len(entry.shape) > 1:
            raise LexgraftError(
                f"no donor has rows for `{entry.name}`", cure="give --donor, or --rows mean"
            )
        return NewRows(values, tuple(origins))
    keys = meanings(donor.document)
    having = [
        (at, keys["text", new.text.encode()])
        for at, new in enumerate(additions)
        if ("text", new.text.encode()) in keys
    ]
    if having:
        mine = meanings(base)
        shared = [(number, keys[key]) for key, number in mine.items() if key in keys]
        name, found = bring(entry, theirs, shared, [n for _, n in having], how)
        for (at, _), row in zip(having, found, strict=True):
            pieces = gather(entry, additions[at].parts)
            values[at], origins[at] = _as_long_as(row, pieces), name
    return NewRows(values, tuple(origins))


def count_origins(rows: Mapping[str, NewRows]) -> dict[str, dict[str, int]]:
    """Return, per tensor, how many rows came about in which way."""
    return {name: dict(sorted(Counter(new.origins).items())) for name, new in rows.items()}


def bring(
    entry: TensorEntry,
    theirs: TensorEntry,
    shared: Sequence[tuple[int, int]],
    ids: Sequence[int],
    how: How,
) -> tuple[str, Float[Tensor, "new *width"]]:
    """Return how another model's rows were brought into the base's space, and them.

    Args:
        entry: The base's tensor.
        theirs: The other's tensor of the same part.
        shared: Rows of the two that stand for one token.
        ids: The other's rows that are wanted.
        how: `donor` takes them as they are, `sparse` combines, `auto` looks which is right.

    Raises:
        LexgraftError: too few tokens are shared, or the rows have another width and are to be
            taken.
    """
    if len(entry.shape) == 1:
        return "donor", gather(theirs, ids)
    if len(shared) < FEWEST:
        raise LexgraftError(
            f"base and donor share {len(shared)} tokens; {FEWEST} are needed to join their spaces",
            cure="use --rows mean",
        )
    every = max(1, len(shared) // SHARED)
    shared = shared[::every][:SHARED]
    ours = gather(entry, [number for number, _ in shared])
    donors = gather(theirs, [number for _, number in shared])
    alike = entry.shape[1:] == theirs.shape[1:] and _cosine(ours, donors) >= ALIKE
    if how == "donor" or (how == "auto" and alike):
        if entry.shape[1:] != theirs.shape[1:]:
            raise LexgraftError("the donor's rows have another width", cure="use --rows sparse")
        return "donor", gather(theirs, ids)
    return "sparse", combine(gather(theirs, ids), donors, ours)


def _tensor_of(donor: RowDonor, entry: TensorEntry) -> TensorEntry | None:
    """Return the donor's tensor of the same part; a tied head's is the embedding."""
    names = [
        name for name in donor.checkpoint.tensors if len(donor.checkpoint.tensors[name].shape) > 1
    ]
    for role in (role_of(entry.name), "embedding"):
        for name in names:
            mine = donor.checkpoint.tensors[name]
            if role_of(name) == role and mine.shape[0] >= donor.document.size:
                return mine
    return None


def _cosine(a: Float[Tensor, "row width"], b: Float[Tensor, "row width"]) -> float:
    """Return the mean cosine of two tensors' rows."""
    return float(torch.nn.functional.cosine_similarity(a, b, dim=1).mean())


def _as_long_as(row: Float[Tensor, " width"], rows: Float[Tensor, "row width"]) -> Tensor:
    """Return a row with the mean length of others."""
    return row * (rows.norm(dim=1).mean() / row.norm().clamp_min(1e-30))
