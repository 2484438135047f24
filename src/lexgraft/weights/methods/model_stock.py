"""Between the base and the models' mean, as far as the deltas agree."""

import numpy as np

from lexgraft.arrays.lazy_torch import torch
from lexgraft.weights.methods.ordered_sums import Doubles, as_vectors, gram, row_dots, weighted_sum
from lexgraft.weights.methods.registry import Base, Blocks, Deltas, Merged, TensorContext, method


def ratio(blocks: Blocks, *, filter_wise: bool) -> Doubles | None:
    """Return how far to go for the whole tensor; None where every row has its own answer."""
    if filter_wise:
        return None
    products = gram(blocks, models=False)
    count = range(len(products))
    return _ratio([[np.array([products[i][j]]) for j in count] for i in count])


@method(paper="arXiv 2403.19522, equation 4", survey=ratio, unit="row", models=(2, None))
def model_stock(
    base: Base,
    deltas: Deltas,
    _context: TensorContext,
    whole_ratio: Doubles | None,
    *,
    filter_wise: bool = False,
) -> Merged:
    """Return base + t · mean(δ) with t = k·c / (1 + (k-1)·c), at least 0.

    c is the mean cosine between the k models' deltas, of the whole tensor or (`filter_wise`) of
    each row. Deltas at right angles give the base back.
    """
    mean = weighted_sum(deltas, [1 / len(deltas)] * len(deltas))
    if whole_ratio is not None:
        return base + mean * float(whole_ratio[0])
    rows = [as_vectors(delta) for delta in deltas]
    ratios = _ratio([[row_dots(first, second) for second in rows] for first in rows])
    scaled = as_vectors(mean) * torch.from_numpy(ratios).float()[:, None]
    return base + scaled.view(base.shape)


def _ratio(products: list[list[Doubles]]) -> Doubles:
    """Return t for every vector, from the dot products between the models' vectors."""
    count = len(products)
    cosines: list[Doubles] = []
    for i in range(count):
        for j in range(i):
            norms = np.sqrt(products[i][i]) * np.sqrt(products[j][j])
            zero = np.zeros_like(norms)
            cosines.append(np.divide(products[i][j], norms, out=zero, where=norms != 0))
    cosine = np.clip(sum(cosines) / len(cosines), 0, 1)
    return count * cosine / (1 + (count - 1) * cosine)
