"""A donor that knows nothing: the same delta with its coordinates shuffled, as a control."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.records import digest
from lexgraft.weights.checkpoint.input_model import InputModel, rows
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry


@dataclass(frozen=True)
class ScrambledModel(InputModel):
    """A model whose delta, per tensor, is S · Δ · P for random signs S and a signed permutation P.

    Both are orthogonal, so every singular value, the rank and the norm of each tensor's delta stay
    what they are, and so do the magnitudes of its entries; what it has learnt is gone. Signs and
    permutation are drawn from the seed and the tensor's name alone. Nothing is on disk: a delta is
    made from the original's when it is read.
    """

    seed: int = 0

    @cached_property
    def digest(self) -> str:
        """The identity of the files it is made from, and of the shuffling."""
        original = InputModel(self.label, self.base, self.source, self.adapter).digest
        return digest("scrambled", original, self.seed)

    def stored(self, name: str) -> TensorEntry | None:  # noqa: ARG002
        """Return nothing: every tensor that differs is computed."""
        return None

    def factors(self, name: str) -> None:
        """Return nothing: the factors are of what it was shuffled from."""

    def delta(self, name: str, start: int = 0, stop: int | None = None) -> Tensor | None:
        """Return rows [start, stop) of the scrambled delta in float32; None: unchanged."""
        delta = super().delta(name, start, stop)
        if delta is None:
            return None
        entry = self.base.tensors[name]
        count, width = rows(entry), entry.shape[-1] if len(entry.shape) > 1 else 1
        generator = np.random.default_rng(int(digest("scramble", self.seed, name), 16))
        row_signs = _signs(generator, count)[start : count if stop is None else stop]
        columns = torch.from_numpy(generator.permutation(width))
        column_signs = torch.from_numpy(_signs(generator, width))
        if len(entry.shape) > 1:
            delta = delta[..., columns] * column_signs
        return delta * torch.from_numpy(row_signs).view(-1, *(1,) * (delta.ndim - 1))

    def tensor(self, name: str) -> Tensor:
        """Return the base's tensor with the scrambled delta, in float32."""
        plain = InputModel(self.label, self.base, self.base).tensor(name)
        delta = self.delta(name)
        return plain if delta is None else plain.add_(delta)


def scrambled(model: InputModel, seed: int) -> ScrambledModel:
    """Return a model's control: a delta of the same norms, ranks and singular values, at random."""
    return ScrambledModel(
        model.label, model.base, model.source, model.adapter, model.notes, seed=seed
    )


def _signs(generator: np.random.Generator, count: int) -> np.ndarray:
    return (2.0 * generator.integers(0, 2, count) - 1.0).astype(np.float32)
