"""Before a merge, from the files: how large the deltas are, whether they agree, what survives."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from math import sqrt
from typing import Any

import numpy as np

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Float32, Float64
from lexgraft.records import Progress, silent
from lexgraft.weights.checkpoint.input_model import read_rows, rows
from lexgraft.weights.checkpoint.tensor_names import role_of
from lexgraft.weights.merge.block_shapes import rows_of_block
from lexgraft.weights.merge.diagnosis_figures import (
    ROLES,
    Diagnosis,
    DiagnosisRegion,
    ModelFigures,
    PairFigures,
    warnings_of,
)
from lexgraft.weights.merge.merge_plan import MergePlan
from lexgraft.weights.methods.magnitude_trim import cuts, kept
from lexgraft.weights.methods.registry import Base, Deltas, TensorContext

TOP = 0.2  # share of the elements that counts as the largest
SAMPLE = 256  # rows of a matrix, evenly spaced, that its effective rank is taken from
WIDEST = 1 << 14  # columns of them
KEPT = 1 << 22  # elements of a tensor whose blocks are kept between passes

Pair = tuple[str, str]
Rank = tuple[float, int]  # effective, and the greatest there could be


@dataclass
class DeltaSums:
    """What of many tensors adds up; by label, or by pair of labels in the order of the merge."""

    elements: int = 0
    base: float = 0.0  # sum of squares
    merged: float = 0.0  # sum of squares of what the merge adds to the base
    squares: dict[str, float] = field(default_factory=dict[str, float])
    kept_dots: dict[str, float] = field(default_factory=dict[str, float])  # ⟨merged delta, delta⟩
    under: dict[str, float] = field(default_factory=dict[str, float])  # base's squares there
    ranks: dict[str, list[Rank]] = field(default_factory=dict[str, list[Rank]])
    dots: dict[Pair, float] = field(default_factory=dict[Pair, float])
    changed_by_both: dict[Pair, int] = field(default_factory=dict[Pair, int])  # elements
    opposed: dict[Pair, int] = field(default_factory=dict[Pair, int])
    shared: dict[Pair, int] = field(default_factory=dict[Pair, int])  # largest of both
    largest: dict[Pair, int] = field(default_factory=dict[Pair, int])

    def add(self, sums: "DeltaSums") -> None:
        """Add the sums of other tensors."""
        self.elements += sums.elements
        self.base += sums.base
        self.merged += sums.merged
        for name in (
            "squares",
            "kept_dots",
            "under",
            "dots",
            "changed_by_both",
            "opposed",
            "shared",
            "largest",
        ):
            totals, added = getattr(self, name), getattr(sums, name)
            for key, value in added.items():
                totals[key] = totals.get(key, 0) + value
        for label, ranks in sums.ranks.items():
            self.ranks.setdefault(label, []).extend(ranks)

    def region(self, layer: int | None, role: str) -> DiagnosisRegion:
        """Return the sums as figures."""
        return DiagnosisRegion(
            layer=layer,
            role=role,
            elements=self.elements,
            merged=sqrt(self.merged),
            merged_relative=sqrt(self.merged / self.base) if self.base else 0.0,
            models=tuple(self._model(label) for label in self.squares),
            pairs=tuple(self._pair(pair) for pair in self.dots),
        )

    def _model(self, label: str) -> ModelFigures:
        square, ranks = self.squares[label], self.ranks.get(label)
        base = self.under[label]
        return ModelFigures(
            label=label,
            norm=sqrt(square),
            relative=sqrt(square / base) if base else 0.0,
            rank=sum(rank for rank, _ in ranks) / len(ranks) if ranks else None,
            directions=sum(limit for _, limit in ranks) / len(ranks) if ranks else None,
            survival=self.kept_dots[label] / square if square else None,
        )

    def _pair(self, pair: Pair) -> PairFigures:
        norms = sqrt(self.squares[pair[0]] * self.squares[pair[1]])
        changed_by_both, largest = self.changed_by_both[pair], self.largest[pair]
        return PairFigures(
            *pair,
            cosine=self.dots[pair] / norms if norms else None,
            conflict=self.opposed[pair] / changed_by_both if changed_by_both else None,
            overlap=self.shared[pair] / largest if largest else None,
        )


def diagnose(plan: MergePlan, progress: Progress = silent) -> Diagnosis:
    """Return the figures of a planned merge; every tensor is read, block by block.

    Norms, cosines and survival are over float64 sums. Sign conflict is the share of opposite
    signs among the elements that both models change (arXiv 2306.01708, section 3; independent
    deltas: one half). Overlap is what the largest fifths of both deltas have in common, tensor
    by tensor (independent: a fifth). Effective rank is exp of the entropy of the normalised
    singular values (Roy & Vetterli 2007), of at most 256 evenly spaced rows. Survival is
    ⟨merged - base, δ⟩ / ⟨δ, δ⟩: 1 where the merge moves as far along a delta as the model did.
    """
    cells: dict[tuple[int | None, str], DeltaSums] = {}
    for number, name in enumerate(plan.merged):
        progress("diagnose", number, len(plan.merged))
        key = (plan.stack.layer_of(name), role_of(name))
        cells.setdefault(key, DeltaSums()).add(tensor_sums(plan, name))
    progress("diagnose", len(plan.merged), len(plan.merged))
    layers = dict.fromkeys(
        sorted({key[0] for key in cells}, key=lambda layer: -1 if layer is None else layer)
    )
    roles = [role for role in ROLES if any(key[1] == role for key in cells)]
    overall = _joined(cells.values()).region(None, "")
    by_role = [_joined(s for key, s in cells.items() if key[1] == role) for role in roles]
    by_layer = [_joined(s for key, s in cells.items() if key[0] == layer) for layer in layers]
    return Diagnosis(
        method=plan.method.name,
        labels=plan.labels,
        whole=overall,
        roles=tuple(sums.region(None, role) for role, sums in zip(roles, by_role, strict=True)),
        layers=tuple(sums.region(layer, "") for layer, sums in zip(layers, by_layer, strict=True)),
        cells=tuple(
            cells[layer, role].region(layer, role)
            for layer in layers
            for role in roles
            if (layer, role) in cells
        ),
        warnings=warnings_of(overall),
    )


def tensor_sums(plan: MergePlan, name: str) -> DeltaSums:
    """Return the sums of one tensor."""
    entry, labels = plan.base.tensors[name], plan.group(name).labels
    in_memory = [*_read(plan, name)] if entry.size <= KEPT else []

    def blocks() -> Iterator[tuple[Base, Deltas, TensorContext]]:
        return iter(in_memory) if in_memory else _read(plan, name)

    thresholds = cuts(blocks, density=TOP)
    merged = plan.method.merge(blocks, plan.group(name).settings)
    sums = DeltaSums(elements=entry.size)
    gram = np.zeros((len(labels) + 1, len(labels) + 1))  # of the deltas, the merge's last
    largest = max(1, round(TOP * entry.size))
    counts = {pair: [0, 0, 0] for pair in combinations(range(len(labels)), 2)}
    for (base, deltas, context), block in zip(blocks(), merged, strict=True):
        flat = _doubles(torch.cat([deltas, (block - base)[None]]))
        gram += flat @ flat.T
        sums.base += float(np.square(_doubles(base[None])).sum())
        tops = [
            kept(delta, threshold, context.start)
            for delta, threshold in zip(deltas, thresholds, strict=True)
        ]
        for (first, second), count in counts.items():
            product = deltas[first].sign() * deltas[second].sign()
            count[0] += int((product != 0).sum())
            count[1] += int((product < 0).sum())
            count[2] += int((tops[first] & tops[second]).sum())
    sums.merged = float(gram[-1, -1])
    ranks = _ranks(blocks, len(labels), entry.shape)
    for number, label in enumerate(labels):
        sums.squares[label] = float(gram[number, number])
        sums.kept_dots[label], sums.under[label] = float(gram[number, -1]), sums.base
        if gram[number, number] and ranks is not None:
            sums.ranks[label] = [ranks[number]]
    for (first, second), (changed_by_both, opposed, shared) in counts.items():
        pair = labels[first], labels[second]
        sums.dots[pair], sums.changed_by_both[pair] = float(gram[first, second]), changed_by_both
        sums.opposed[pair] = opposed
        both_moved = bool(gram[first, first] and gram[second, second])
        sums.shared[pair], sums.largest[pair] = shared * both_moved, largest * both_moved
    return sums


def effective_rank(matrix: Float64[np.ndarray, "row column"]) -> float:
    """Return exp(-Σ pᵢ·log pᵢ) with pᵢ = σᵢ / Σ σ over the singular values (Roy & Vetterli)."""
    squares = np.linalg.eigvalsh(matrix @ matrix.T).clip(min=0)
    values = np.sqrt(np.where(squares > squares.max() * 1e-13, squares, 0.0))  # rounding is no rank
    if not values.sum():
        return 0.0
    shares = values[values > 0] / values.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def _ranks(
    blocks: Callable[[], Iterator[tuple[Base, Deltas, TensorContext]]],
    models: int,
    shape: tuple[int, ...],
) -> list[Rank] | None:
    """Return every delta's effective rank; None for what is no matrix."""
    if len(shape) < 2 or min(shape[0], np.prod(shape[1:])) < 2:
        return None
    width = int(np.prod(shape[1:]))
    sampled = np.linspace(0, shape[0] - 1, min(SAMPLE, shape[0])).round().astype(np.int64)
    columns = np.linspace(0, width - 1, min(WIDEST, width)).round().astype(np.int64)
    samples: list[list[Any]] = [[] for _ in range(models)]
    for base, deltas, context in blocks():
        first = context.start // width
        local = sampled[(sampled >= first) & (sampled < first + base.shape[0])] - first
        for sample, delta in zip(samples, deltas, strict=True):
            sample.append(delta.reshape(base.shape[0], width).numpy()[np.ix_(local, columns)])
    limit = min(len(sampled), len(columns))
    matrices = (np.concatenate(sample).astype(np.float64) for sample in samples)
    return [(effective_rank(matrix), limit) for matrix in matrices]


def _read(plan: MergePlan, name: str) -> Iterator[tuple[Base, Deltas, TensorContext]]:
    """Yield base, deltas and place of every block of a tensor."""
    entry, context = plan.base.tensors[name], plan.context(name)
    width, step = entry.size // max(rows(entry), 1), rows_of_block(entry, plan.unit_of(entry.name))
    for start in range(0, rows(entry), step):
        stop = min(start + step, rows(entry))
        base = read_rows(entry, start, stop)
        changes = [model.delta(name, start, stop) for model in plan.models_of(name)]
        deltas = torch.stack([torch.zeros_like(base) if p is None else p for p in changes])
        yield base, deltas, replace(context, start=start * width)


def _doubles(deltas: Float32[Tensor, "model *shape"]) -> Float64[np.ndarray, "model element"]:
    return deltas.reshape(deltas.shape[0], -1).numpy().astype(np.float64)


def _joined(sums: Iterable[DeltaSums]) -> DeltaSums:
    total = DeltaSums()
    for part_sums in sums:
        total.add(part_sums)
    return total
