"""Rows of a common vocabulary: every model's own, the base's for what it lacks, choices first."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from lexgraft.arrays.shapes import Float32, Int
from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.vocabulary.expansion import Expansion
from lexgraft.weights.vocabulary.new_rows import gather, mean_rows, project_rows

SAMPLE = 4_096  # rows of which a vocabulary's mean row is taken


class RowOverride(NamedTuple):
    """A row that was chosen for a token: whose, and which of its rows; None: zeros."""

    member: int | None
    row: int
    force: bool  # for every model, not only for those that lack the token


class AlignedRows:
    """One vocabulary tensor of all models, in the rows of the common vocabulary."""

    def __init__(
        self,
        entries: Sequence[TensorEntry],
        maps: Sequence[Int[np.ndarray, " row"]],
        expansion: Expansion | None,
        overrides: Mapping[int, RowOverride],
    ) -> None:
        """Take the tensor's place in every model; `maps[m][n]` is model m's row of token n."""
        for entry in entries[1:]:
            if entry.shape[1:] != entries[0].shape[1:]:
                width, base = entry.shape[1:], entries[0].shape[1:]
                raise LexgraftError(
                    f"`{entry.name}` has rows of {width}, the base of {base}",
                    where=str(entry.file),
                    cure="models of other widths cannot be merged",
                )
        self._entries, self._maps, self._wishes = entries, maps, overrides
        self.shape = (len(maps[0]), *entries[0].shape[1:])
        self._lacking = np.flatnonzero(maps[0] < 0)
        self._origins = Counter[str]()
        self._fill = self._filled(expansion)

    def dtype(self, member: int) -> str:
        """Return how a model stores its rows."""
        return self._entries[member].dtype

    def of(self, member: int, start: int, stop: int) -> Float32[Tensor, "row *width"]:
        """Return a model's rows [start, stop)."""
        rows = self._bases(start, stop)
        ids = self._maps[member][start:stop]
        have = torch.from_numpy(ids >= 0).nonzero().squeeze(1)
        if member and len(have):
            rows[have] = gather(self._entries[member], ids[ids >= 0].tolist())
        for number, override in self._wishes.items():
            if start <= number < stop and (override.force or self._maps[member][number] < 0):
                rows[number - start] = self._override_row(override)
        return rows

    def counts(self, member: int) -> dict[str, int]:
        """Return where a model's rows come from, and how many."""
        present = int((self._maps[member] >= 0).sum())
        if not member:
            return {"its own": present, **dict(sorted(self._origins.items()))}
        return {"its own": present, "the base's": self.shape[0] - present}

    def _bases(self, start: int, stop: int) -> Float32[Tensor, "row *width"]:
        """Return the base's rows [start, stop), filled where it lacks a token."""
        ids = self._maps[0][start:stop]
        rows = torch.zeros(stop - start, *self.shape[1:])
        have = torch.from_numpy(ids >= 0).nonzero().squeeze(1)
        if len(have):
            rows[have] = gather(self._entries[0], ids[ids >= 0].tolist())
        first, last = np.searchsorted(self._lacking, [start, stop]).tolist()
        rows[torch.from_numpy(self._lacking[first:last] - start)] = self._fill[first:last]
        return rows

    def _override_row(self, override: RowOverride) -> Float32[Tensor, "*width"]:
        """Return a row that was chosen."""
        if override.member is None:
            return torch.zeros(self.shape[1:])
        return gather(self._entries[override.member], [override.row])[0]

    def _filled(self, expansion: Expansion | None) -> Float32[Tensor, "lacking *width"]:
        """Return the base's rows of tokens that it lacks: from others, pieces, or the mean."""
        lacking, base = self._lacking, self._maps[0]
        total = torch.zeros(len(lacking), *self.shape[1:])
        count = torch.zeros(len(lacking))
        for entry, ids in zip(self._entries[1:], self._maps[1:], strict=True):
            have = np.flatnonzero(ids[lacking] >= 0)
            if len(have):
                shared = np.flatnonzero((base >= 0) & (ids >= 0))
                pairs = list(zip(base[shared].tolist(), ids[shared].tolist(), strict=True))
                donor_rows = ids[lacking[have]].tolist()
                name, rows = project_rows(self._entries[0], entry, pairs, donor_rows, "auto")
                self._origins[f"others', {name}"] += len(have)
                total[have] += rows
                count[have] += 1
        total /= count.clamp(min=1).view(-1, *[1] * (total.dim() - 1))
        return self._rest(total, count, expansion)

    def _rest(
        self, rows: Float32[Tensor, "lacking *width"], count: Tensor, expansion: Expansion | None
    ) -> Float32[Tensor, "lacking *width"]:
        """Return the rows with those filled that no model has."""
        pieces = {new.id: new for new in (expansion.additions if expansion else ())}
        nobody = [index for index in range(len(rows)) if not count[index]]
        built = [index for index in nobody if int(self._lacking[index]) in pieces]
        if built:
            additions = [pieces[int(self._lacking[index])] for index in built]
            rows[built] = mean_rows(self._entries[0], additions)
        plain = [index for index in nobody if int(self._lacking[index]) not in pieces]
        if plain:
            ids = self._maps[0][self._maps[0] >= 0]
            sample = ids[:: max(1, len(ids) // SAMPLE)][:SAMPLE]
            rows[plain] = gather(self._entries[0], sample.tolist()).mean(0)
        self._origins |= {"its pieces'": len(built), "the mean row": len(plain)}
        return rows
