import numpy as np
import pytest
import torch
from scipy.optimize import nnls

from lexgraft.weights.vocabulary.transplant import combine, pursue


def test_a_sparse_row_is_found_again_and_carried_over():
    """Donor: t = 2·a1 - 0.5·a3 over orthogonal anchors; base: the same factors of its own rows."""
    anchors = torch.eye(4) * torch.tensor([[1.0], [3.0], [2.0], [1.0]])
    target = 2 * anchors[1] - 0.5 * anchors[3]
    chosen, factors = pursue(target[None], anchors, 2)
    assert chosen.tolist() == [[1, 3]]
    assert factors[0].tolist() == pytest.approx([2.0, -0.5], abs=1e-4)
    base = torch.arange(8.0).view(4, 2)
    made = combine(target[None], anchors, base, 2)
    assert made[0].tolist() == pytest.approx((2 * base[1] - 0.5 * base[3]).tolist(), abs=1e-3)


def test_the_fit_is_the_least_squares_one_of_the_chosen_anchors():
    generator = torch.Generator().manual_seed(3)
    anchors = torch.randn(30, 12, generator=generator)
    targets = anchors[[4, 9]] * 0.7 + anchors[[5, 2]] * 0.2
    chosen, factors = pursue(targets, anchors, 2)
    for row in range(2):
        own = anchors[chosen[row]].double().numpy().T
        expected, _ = nnls(own, targets[row].double().numpy())
        assert np.allclose(factors[row].numpy(), expected, atol=1e-4)


def test_equal_anchors_and_more_than_there_are_do_no_harm():
    anchors = torch.ones(3, 2)
    chosen, factors = pursue(torch.tensor([[2.0, 2.0]]), anchors, 64)
    assert chosen.shape == (1, 2)
    assert torch.isfinite(factors).all()
    assert float(factors.sum()) == pytest.approx(2.0, rel=1e-3)
    assert combine(torch.zeros(0, 2), anchors, torch.ones(3, 5)).shape == (0, 5)
