"""The divergence from noted chances: by hand, against float64, at nought, and its gradient."""

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.tuning.divergence import HeldDivergence, WordChances, chances_of, divergence


def lumped(before: torch.Tensor, after: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    """Return, in float64, the divergence of each row with all unnoted words as one event."""
    told = [row.double().softmax(dim=0) for row in before]
    now = [row.double().softmax(dim=0) for row in after]
    rows: list[torch.Tensor] = []
    for p, q, noted in zip(told, now, words, strict=True):
        p_events = torch.cat([p[noted], (p.sum() - p[noted].sum())[None]])
        q_events = torch.cat([q[noted], (q.sum() - q[noted].sum())[None]])
        rows.append((p_events * (p_events / q_events).log()).sum())
    return torch.stack(rows)


def rows_and_head(seed: int, count: int = 30) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    start, moved = (torch.randn(count, 8, generator=generator) for _ in range(2))
    return start, moved, torch.randn(50, 8, generator=generator)


def test_a_divergence_worked_by_hand() -> None:
    # noted: one word at 3/4, all others 1/4; now it has 1/2: 3/4 ln 3/2 + 1/4 ln 1/2
    noted = WordChances(torch.tensor([[0]]), torch.tensor([[0.75]]).log())
    rows, head = torch.zeros(1, 1, requires_grad=True), torch.tensor([[1.0], [0.0]])
    found: Any = HeldDivergence.apply(rows, head, *noted, torch.tensor([2.0]))
    found.backward()
    by_hand = 0.75 * torch.tensor(1.5).log() + 0.25 * torch.tensor(0.5).log()
    assert found.item() == pytest.approx(2 * by_hand.item())
    assert rows.grad is not None
    assert rows.grad.item() == pytest.approx(2 * (1 / 2 - 3 / 4))  # of the first word's logit


@pytest.mark.parametrize("likeliest", [1, 7, 50])
def test_it_is_that_of_an_independent_reference_in_float64(likeliest: int) -> None:
    start, moved, head = rows_and_head(3)
    noted = chances_of(start, head, likeliest)
    weights = torch.linspace(0, 1, len(start))
    found: Any = HeldDivergence.apply(moved, head, *noted, weights)
    if likeliest == 50:  # all words: no event is lumped
        told, now = ((rows.double() @ head.double().T).log_softmax(1) for rows in (start, moved))
        expected = (told.exp() * (told - now)).sum(1)
    else:
        expected = lumped(start @ head.T, moved @ head.T, noted.words)
    assert found.item() == pytest.approx((expected * weights.double()).sum().item(), rel=1e-5)


def test_its_gradient_is_that_of_plain_autograd_for_a_frozen_and_a_trained_head() -> None:
    start, moved, head = rows_and_head(4, 300)
    noted, weights = chances_of(start, head, 5), torch.rand(300)
    states, trained = moved.clone().requires_grad_(), head.clone().requires_grad_()
    loss: Any = HeldDivergence.apply(states, head, *noted, weights)
    (own,) = torch.autograd.grad(loss, states)
    plain = divergence(states, trained, noted, weights)
    expected, of_head = torch.autograd.grad(plain, [states, trained])
    assert loss.item() == pytest.approx(plain.item(), rel=1e-5)
    assert torch.allclose(own, expected, atol=1e-3)
    assert of_head.abs().max() > 0


@given(st.integers(0, 99), st.integers(1, 60), st.floats(0.1, 20))
def test_what_has_not_moved_has_diverged_by_nothing(
    seed: int, likeliest: int, sharpness: float
) -> None:
    start, _, head = rows_and_head(seed, 4)
    start *= sharpness
    noted = chances_of(start, head, likeliest)
    rows = start.clone().requires_grad_()
    found: Any = HeldDivergence.apply(rows, head, *noted, torch.ones(4))
    (gradient,) = torch.autograd.grad(found, rows)
    assert found.item() == pytest.approx(0, abs=1e-4)
    assert gradient.abs().max() < 1e-2


@given(st.integers(0, 99), st.integers(1, 49))
def test_taking_words_together_never_shows_more_than_all_words_apart(
    seed: int, likeliest: int
) -> None:
    start, moved, head = rows_and_head(seed, 4)
    few, every = (
        float(divergence(moved, head, chances_of(start, head, noted), torch.ones(4)))
        for noted in (likeliest, 50)
    )
    assert -1e-5 <= few <= every + 1e-4
