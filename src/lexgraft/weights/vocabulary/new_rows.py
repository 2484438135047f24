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
from lexgraft.weights.checkpoint.layer_stack import language_config
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
    size = config.get("vocab_size", language_config(config)[1].get("vocab_size"))
    if type(size) is not int:
        raise LexgraftError("config.json names no vocab_size", where=str(checkpoint.folder))
    return size


def vocabulary_tensors(checkpoint: Checkpoint, rows: int) -> tuple[str, ...]:
    """Return the names of the tensors that have a row per token: embeddings, heads, their biases.

    Raises:
        LexgraftError: there is none with so many rows.
    """
    names = tuple(
        name
        for name, entry in checkpoint.tensors.items()
        if role_of(name) in {"embedding", "head"} and entry.shape and entry.shape[0] == rows
    )
    if not any(role_of(name) == "embedding" for name in names):
        raise LexgraftError(
            f"no embedding of {rows:,} rows, as config.json says",
            where=str(checkpoint.folder),
            cure="weights and configuration belong to different models",
        )
    return names


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


def first_piece_rows(
    entry: TensorEntry, additions: Sequence[AddedToken]
) -> Float32[Tensor, "new *width"]:
    """Return the row of each addition's first piece."""
    return gather(entry, [new.parts[0] for new in additions])


def gather(entry: TensorEntry, ids: Sequence[int]) -> Float32[Tensor, "row *width"]:
    """Return rows of a tensor, neighbours read together."""
    unique_ids = sorted(frozenset(ids))
    index_of = {number: index for index, number in enumerate(unique_ids)}
    runs: list[tuple[int, int]] = []
    for number in unique_ids:
        if runs and runs[-1][1] == number:
            runs[-1] = runs[-1][0], number + 1
        else:
            runs.append((number, number + 1))
    if not runs:
        return torch.zeros(0, *entry.shape[1:])
    read = torch.cat([read_rows(entry, start, stop) for start, stop in runs])
    return read[torch.tensor([index_of[number] for number in ids])]


def mean_rows(entry: TensorEntry, additions: Sequence[AddedToken]) -> Float32[Tensor, "new *width"]:
    """Return the mean of each addition's pieces, as long as the pieces are on average."""
    ids = [piece for new in additions for piece in new.parts]
    pieces, means, offset = gather(entry, ids), list[Tensor](), 0
    for new in additions:
        own_pieces = pieces[offset : offset + len(new.parts)]
        offset += len(new.parts)
        means.append(
            own_pieces.mean(0)
            if own_pieces.dim() == 1
            else _as_long_as(own_pieces.mean(0), own_pieces)
        )
    return torch.stack(means)


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
    donor_entry = (
        _tensor_of(donor, entry) if donor and how != "mean" and len(entry.shape) > 1 else None
    )
    if donor_entry is None or donor is None:
        if how in {"donor", "sparse"} and len(entry.shape) > 1:
            raise LexgraftError(
                f"no donor has rows for `{entry.name}`", cure="give --donor, or --rows mean"
            )
        return NewRows(values, tuple(origins))
    keys = meanings(donor.document)
    available = [
        (index, keys["text", new.text.encode()])
        for index, new in enumerate(additions)
        if ("text", new.text.encode()) in keys
    ]
    if available:
        base_ids = meanings(base)
        shared = [(number, keys[key]) for key, number in base_ids.items() if key in keys]
        name, donor_rows = project_rows(entry, donor_entry, shared, [n for _, n in available], how)
        for (index, _), row in zip(available, donor_rows, strict=True):
            pieces = gather(entry, additions[index].parts)
            values[index], origins[index] = _as_long_as(row, pieces), name
    return NewRows(values, tuple(origins))


def count_origins(rows: Mapping[str, NewRows]) -> dict[str, dict[str, int]]:
    """Return, per tensor, how many rows came about in which way."""
    return {name: dict(sorted(Counter(new.origins).items())) for name, new in rows.items()}


def project_rows(
    entry: TensorEntry,
    donor_entry: TensorEntry,
    shared: Sequence[tuple[int, int]],
    ids: Sequence[int],
    how: How,
) -> tuple[str, Float[Tensor, "new *width"]]:
    """Return how another model's rows were brought into the base's space, and them.

    Args:
        entry: The base's tensor.
        donor_entry: The other's tensor of the same part.
        shared: Rows of the two that stand for one token.
        ids: The other's rows that are wanted.
        how: `donor` takes them as they are, `sparse` combines, `auto` looks which is right.

    Raises:
        LexgraftError: too few tokens are shared, or the rows have another width and are to be
            taken.
    """
    if len(entry.shape) == 1:
        return "donor", gather(donor_entry, ids)
    if len(shared) < FEWEST:
        raise LexgraftError(
            f"base and donor share {len(shared)} tokens; {FEWEST} are needed to join their spaces",
            cure="use --rows mean",
        )
    stride = max(1, len(shared) // SHARED)
    shared = shared[::stride][:SHARED]
    ours = gather(entry, [number for number, _ in shared])
    donors = gather(donor_entry, [number for _, number in shared])
    alike = entry.shape[1:] == donor_entry.shape[1:] and _cosine(ours, donors) >= ALIKE
    if how == "donor" or (how == "auto" and alike):
        if entry.shape[1:] != donor_entry.shape[1:]:
            raise LexgraftError("the donor's rows have another width", cure="use --rows sparse")
        return "donor", gather(donor_entry, ids)
    return "sparse", combine(gather(donor_entry, ids), donors, ours)


def _tensor_of(donor: RowDonor, entry: TensorEntry) -> TensorEntry | None:
    """Return the donor's tensor of the same part; a tied head's is the embedding."""
    names = [
        name for name in donor.checkpoint.tensors if len(donor.checkpoint.tensors[name].shape) > 1
    ]
    for role in (role_of(entry.name), "embedding"):
        for name in names:
            donor_tensor = donor.checkpoint.tensors[name]
            if role_of(name) == role and donor_tensor.shape[0] >= donor.document.size:
                return donor_tensor
    return None


def _cosine(a: Float[Tensor, "row width"], b: Float[Tensor, "row width"]) -> float:
    """Return the mean cosine of two tensors' rows."""
    return float(torch.nn.functional.cosine_similarity(a, b, dim=1).mean())


def _as_long_as(row: Float[Tensor, " width"], rows: Float[Tensor, "row width"]) -> Tensor:
    """Return a row with the mean length of others."""
    return row * (rows.norm(dim=1).mean() / row.norm().clamp_min(1e-30))
