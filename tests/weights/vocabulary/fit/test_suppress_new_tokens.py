"""Rows that keep quiet, on invented hidden states and on tiny models."""

from typing import Any

import pytest
import torch
from looked import Looked

from lexgraft.errors import LexgraftError
from lexgraft.weights.vocabulary.fit.aligned_texts import AlignedText, Teacher
from lexgraft.weights.vocabulary.fit.suppress_new_tokens import (
    GENTLE,
    SILENT,
    NewTokenRows,
    TextPositions,
    limit_leakage,
    lower_rows,
    probability_leaked,
    shared_direction,
    suppress_rows,
)


@pytest.fixture
def places() -> TextPositions:
    """Return states that share most of their length, of a base with sums of about 5 nats."""
    drawn = torch.Generator().manual_seed(3)
    common = torch.tensor([3.0, 1.0, -2.0, 0.5, 0.0, 1.0])
    hidden = 10 * common + 6 * torch.randn(400, 6, generator=drawn)
    return TextPositions(hidden, 5 + torch.randn(400, generator=drawn))


@pytest.mark.parametrize("factor", [None, 0.5])
def test_quiet_rows_take_nothing_that_float32_could_see(
    places: TextPositions, factor: float | None
):
    base, rows = Teacher(Looked(None, factor)), torch.randn(7, 6)
    direction = shared_direction(places.hidden)
    assert direction is not None
    quiet = lower_rows(base, rows, places, direction)
    loud = probability_leaked(base, rows, places)
    cost = probability_leaked(base, quiet, places)
    assert float(loud.max()) > 1
    assert 0 < float(cost.max()) <= 1.01 * torch.tensor(-SILENT).exp()
    own = base.transform.apply(places.hidden @ quiet.T).logsumexp(1)
    assert torch.equal(torch.logaddexp(places.total, own), places.total)
    moved = rows - quiet
    assert torch.allclose(moved, (moved @ direction).unsqueeze(1) * direction, atol=1e-5)


def test_a_bias_is_the_direction_and_rows_stay_as_they_are(places: TextPositions):
    rows = NewTokenRows(torch.randn(3, 5), torch.randn(3, 5), torch.zeros(3))
    hidden = torch.nn.functional.pad(places.hidden[:, :5], (0, 1), value=1.0)
    direction = shared_direction(hidden, bias=True)
    assert direction is not None
    base = Teacher(Looked())
    quiet = rows.with_head(
        lower_rows(base, rows.head, TextPositions(hidden, places.total), direction)
    )
    assert quiet.bias is not None
    assert quiet.outputs is not None
    assert torch.equal(quiet.inputs, rows.inputs)
    assert rows.outputs is not None
    assert torch.equal(quiet.outputs, rows.outputs)
    said = hidden @ quiet.head.T - places.total[:, None]
    assert float(said.max()) < -SILENT + 1e-3


def test_states_that_point_everywhere_share_no_direction():
    assert shared_direction(torch.cat([torch.eye(4), -torch.eye(4)])) is None


def test_calm_rows_are_quiet_where_no_text_shows_them_and_gentle_elsewhere(places: TextPositions):
    base, rows = Teacher(Looked()), 0.05 * torch.randn(4, 6, generator=torch.manual_seed(3))
    shown = torch.tensor([True, False, True, False])
    assert float(probability_leaked(base, rows, places).mean()) > GENTLE
    calmed = limit_leakage(base, rows, places, shown, places)
    assert float(probability_leaked(base, calmed[~shown], places).max()) < 1e-8
    cost = float(probability_leaked(base, calmed, places).mean())
    assert 0.5 * GENTLE < cost <= GENTLE * 1.001
    untold = limit_leakage(base, rows, places, shown, None)
    assert torch.equal(untold[shown], rows[shown])


def test_a_model_keeps_the_probabilities_of_its_own_tokens():
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=50,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
    )
    torch.manual_seed(2)
    model: Any = LlamaForCausalLM(config).eval().requires_grad_(requires_grad=False)
    with torch.no_grad():  # what training does: states that lean one way
        for layer in model.model.layers:
            layer.mlp.down_proj.weight += 0.02
        model.model.embed_tokens.weight += 0.5
    drawn = torch.Generator().manual_seed(4)
    lines = torch.randint(3, 50, (12, 10), generator=drawn).tolist()
    ids = list(range(10))
    aligned_texts = [AlignedText(line, line, ids, ids, 10) for line in lines]
    rows, most = suppress_rows(
        model, aligned_texts, NewTokenRows(torch.randn(5, 16), torch.randn(5, 16))
    )
    assert rows.outputs is not None
    head = torch.cat([model.lm_head.weight, rows.outputs])
    other = torch.tensor([torch.randint(3, 50, (30,), generator=drawn).tolist()])
    hidden = model.model(other).last_hidden_state[0]
    before = (hidden @ model.lm_head.weight.T).double().log_softmax(1)
    after = (hidden @ head.T).double().log_softmax(1)[:, :50]
    assert most < 1e-6
    assert float((before - after).abs().max()) < 1e-6


def test_too_little_general_text_is_refused():
    with pytest.raises(LexgraftError, match="too little general text"):
        suppress_rows(torch.nn.Linear(1, 1), [], NewTokenRows(torch.ones(1, 1), None))
