"""The guided merge: an example by hand, float64 arithmetic beside it, and its limits."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lexgraft.weights.methods.guided_inputs import guided_inputs
from lexgraft.weights.methods.input_moments import InputMoments, LowRank, projection
from lexgraft.weights.methods.registry import TensorContext

PLACE = TensorContext("w", ("language", "domain"), 0, 8, 1, seed=0)
ROWS, INPUTS = 7, 12


def learnt(general: torch.Tensor, questions: torch.Tensor) -> TensorContext:
    return replace(PLACE, inputs=InputMoments(lambda: (general, questions)))


def random_moments(seed: int, tokens: int = 40) -> torch.Tensor:
    rows = torch.randn(tokens, INPUTS, generator=torch.Generator().manual_seed(seed)).double()
    return rows.T @ rows


def scaled(moments: torch.Tensor) -> np.ndarray:
    found = moments.numpy()
    return found / found.diagonal().mean()


@pytest.fixture
def weights() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    base = torch.randn(ROWS, INPUTS, generator=generator)
    return base, torch.randn(2, ROWS, INPUTS, generator=generator) * 0.1


def test_an_example_by_hand() -> None:
    # General text uses the first input alone, questions the second: there the donor speaks.
    base, deltas = torch.tensor([[10.0, 20.0]]), torch.tensor([[[1.0, 1.0]], [[5.0, 5.0]]])
    general, questions = (torch.diag(torch.tensor(d).double()) for d in ((2.0, 0.0), (0.0, 6.0)))
    at = learnt(general, questions)
    # P = diag(0, 2 / (2 + ρ)) with ρ = 2·ridge; 1 + (1.5·5 - 1)·P, with ridge 1: P = 1/2
    merged = guided_inputs(base, deltas, at, alpha=1.0, beta=1.5, gamma=1.0, ridge=1.0)
    assert merged.tolist() == [[11.0, 20.0 + 1 + 6.5 / 2]]


def test_it_is_float64_arithmetic_rounded_once(weights: tuple[torch.Tensor, torch.Tensor]) -> None:
    base, deltas = weights
    general, questions = random_moments(1), random_moments(2, tokens=5)  # rank 5 of 12
    merged = guided_inputs(base, deltas, learnt(general, questions), alpha=0.3, beta=2.0, gamma=0.5)
    c, q = scaled(general), 0.3 * scaled(questions)
    system = c + q + 0.001 * (c + q).diagonal().mean() * np.eye(INPUTS)
    b, one, two = (tensor.numpy().astype(np.float64) for tensor in (base, *deltas))
    expected = b + one + (2.0 * two - 0.5 * one) @ q @ np.linalg.inv(system)
    error = np.abs(merged.numpy() - expected).max() / np.abs(expected).max()
    assert error < 1e-6


def test_no_share_of_either_is_the_first_model(weights: tuple[torch.Tensor, torch.Tensor]) -> None:
    base, deltas = weights
    at = learnt(random_moments(1), random_moments(2))
    merged = guided_inputs(base, deltas, at, beta=0.0, gamma=0.0)
    assert torch.equal(merged, (base.double() + deltas[0]).float())


def test_all_of_both_is_regmean_of_two_sets_of_texts(
    weights: tuple[torch.Tensor, torch.Tensor],
) -> None:
    # arXiv 2212.09849, equation 2: (Σ Gᵢ)⁻¹ · Σ Gᵢ·Wᵢ, there with inputs as rows of W
    base, deltas = weights
    general, questions = random_moments(1), random_moments(2)
    at = learnt(general, questions)
    merged = guided_inputs(base, deltas, at, alpha=1.0, beta=1.0, gamma=1.0, ridge=1e-12)
    grams = [scaled(general), scaled(questions)]
    models = [(base + delta).double().numpy().T for delta in deltas]
    products = sum(gram @ model for gram, model in zip(grams, models, strict=True))
    expected = (np.linalg.inv(sum(grams)) @ products).T
    np.testing.assert_allclose(merged.numpy(), expected, rtol=1e-5, atol=1e-6)


def test_the_size_of_a_set_of_texts_does_not_count(
    weights: tuple[torch.Tensor, torch.Tensor],
) -> None:
    base, deltas = weights
    general, questions = random_moments(1), random_moments(2)
    one = guided_inputs(base, deltas, learnt(general, questions))
    other = guided_inputs(base, deltas, learnt(general * 4, questions * 1024))
    torch.testing.assert_close(one, other)


def test_inputs_that_no_question_uses_leave_the_first_model(
    weights: tuple[torch.Tensor, torch.Tensor],
) -> None:
    base, deltas = weights
    at = learnt(random_moments(1), torch.zeros(INPUTS, INPUTS).double())
    assert torch.equal(guided_inputs(base, deltas, at), (base.double() + deltas[0]).float())


def test_what_nothing_was_learnt_about_is_the_first_models() -> None:
    base, deltas = torch.tensor([10.0]), torch.tensor([[1.0], [2.0]])
    assert guided_inputs(base, deltas, PLACE).tolist() == [11.0]
    at = learnt(torch.eye(1).double(), torch.eye(1).double())
    assert guided_inputs(base, deltas, at).tolist() == [11.0]  # a norm has no inputs


def test_layers_that_share_an_input_solve_once_and_new_settings_again() -> None:
    reads: list[int] = []

    def read() -> tuple[torch.Tensor, torch.Tensor]:
        reads.append(1)
        return random_moments(1), random_moments(2)

    moments = InputMoments(read)
    one = moments.projection(0.1, 0.001)
    assert moments.projection(0.1, 0.001) is one
    assert len(reads) == 1
    assert not torch.equal(moments.projection(0.2, 0.001), one)


def test_questions_are_let_through_and_general_text_is_not() -> None:
    general = torch.diag(torch.tensor([1.0, 1.0, 0.0, 0.0]).double())
    questions = torch.diag(torch.tensor([0.0, 0.0, 1.0, 1.0]).double())
    found = projection(general, questions, 0.03, 1e-6)
    torch.testing.assert_close(found, questions, rtol=0, atol=1e-4)


def test_thin_factors_give_what_whole_deltas_give_and_stay_thin() -> None:
    generator = torch.Generator().manual_seed(4)
    base = torch.randn(ROWS, INPUTS, generator=generator)
    halves = tuple(
        LowRank(
            *(
                torch.randn(shape, generator=generator).double()
                for shape in ((ROWS, 2), (2, INPUTS))
            )
        )
        for _ in range(2)
    )
    deltas = torch.stack([(pair.up @ pair.down).float() for pair in halves])
    at = learnt(random_moments(1), random_moments(2))
    thin = replace(at, low_rank=lambda: halves)
    whole = guided_inputs(base, deltas, at, alpha=0.3, beta=2.0, gamma=0.5)
    merged = guided_inputs(base, deltas, thin, alpha=0.3, beta=2.0, gamma=0.5)
    torch.testing.assert_close(merged, whole, rtol=1e-5, atol=1e-6)
    assert torch.linalg.matrix_rank(merged - base, rtol=1e-4) == 4  # that of G's and D's together


def test_a_model_without_a_delta_has_no_factors_to_project() -> None:
    base, deltas = torch.randn(ROWS, INPUTS), torch.zeros(2, ROWS, INPUTS)
    nothing = LowRank(torch.zeros(ROWS, 0).double(), torch.zeros(0, INPUTS).double())
    at = replace(learnt(random_moments(1), random_moments(2)), low_rank=lambda: (nothing, nothing))
    assert torch.equal(guided_inputs(base, deltas, at), base)
