from dataclasses import replace

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraft.weights.methods.dare import dare_linear, dare_ties, drop, random_mask
from lexgraft.weights.methods.registry import TensorContext

PLACE = TensorContext("model.layers.0.mlp.up_proj.weight", ("language", "domain"), 0, 1, 8, seed=1)
HALF = 1 << 15


def test_what_is_kept_is_divided_by_the_share() -> None:
    deltas = torch.ones(2, 8)
    masks = [random_mask(PLACE, label, HALF, 8).float() for label in PLACE.labels]
    assert torch.equal(drop(deltas, PLACE, (0.5, 0.5)), torch.stack(masks) * 2)
    # base 1, weights 1 and 3, each kept delta counts double
    merged = dare_linear(
        torch.ones(8), deltas, PLACE, None, weight={"language": 1.0, "domain": 3.0}
    )
    assert torch.equal(merged, 1 + 2 * masks[0] + 6 * masks[1])


def test_the_mask_of_this_seed_tensor_and_model_is_fixed_for_good() -> None:
    mask = random_mask(PLACE, "language", HALF, 16)
    assert "".join("01"[int(kept)] for kept in mask) == "1100111111110000"


def test_seed_tensor_and_model_each_give_another_mask() -> None:
    known = random_mask(PLACE, "language", HALF, 4096)
    others = [
        random_mask(replace(PLACE, seed=2), "language", HALF, 4096),
        random_mask(replace(PLACE, tensor="lm_head.weight"), "language", HALF, 4096),
        random_mask(PLACE, "domain", HALF, 4096),
    ]
    for other in others:
        assert 0.4 < (known == other).float().mean() < 0.6  # independent: half agree


@settings(deadline=None, max_examples=50)
@given(start=st.integers(0, 200), count=st.integers(1, 200), share=st.integers(1, 1 << 16))
def test_a_mask_is_a_function_of_the_elements_number(start: int, count: int, share: int) -> None:
    whole = random_mask(PLACE, "domain", share, 400)
    part = random_mask(replace(PLACE, start=start), "domain", share, count)
    assert torch.equal(part, whole[start : start + count])


def test_the_share_kept_is_as_asked() -> None:
    for share in (0.1, 0.5, 0.9):
        mask = random_mask(PLACE, "language", round(share * 65536), 200_000)
        assert abs(mask.float().mean() - share) < 0.004  # 3.6 standard errors


def test_a_share_of_one_keeps_all_unchanged() -> None:
    deltas = torch.randn(2, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(drop(deltas, PLACE, (1.0, 1.0)), deltas)


def test_dare_ties_elects_signs_among_what_is_kept() -> None:
    deltas = torch.tensor([[2.0] * 64, [-1.0] * 64])
    masks = [random_mask(PLACE, label, HALF, 64) for label in PLACE.labels]
    merged = dare_ties(torch.zeros(64), deltas, PLACE, None)
    # doubled: 4 where the first is kept (it outweighs -2), -2 where only the second is
    expected = torch.where(masks[0], 4.0, torch.where(masks[1], -2.0, 0.0))
    assert torch.equal(merged, expected)
    assert {4.0, -2.0, 0.0} == set(merged.tolist())
