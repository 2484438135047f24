"""Rows that write: how likely new tokens should be, and the rows that come nearest to it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from looked import Looked
from random_models import WIDTH, random_model

from lexgraft.records import Progress, silent
from lexgraft.weights.vocabulary.fit.aligned_texts import AlignedText, Teacher
from lexgraft.weights.vocabulary.fit.fit_cache import NOTHING, FitCache
from lexgraft.weights.vocabulary.fit.output_embeddings import (
    BEFORE,
    KEEP,
    PLACES,
    OutputContexts,
    OutputFit,
    WantedLogProbabilities,
    output_contexts,
)
from lexgraft.weights.vocabulary.fit.suppress_new_tokens import NewTokenRows, TextPositions

WORDS = 40
PIECES = [(5, 6), (5, 6, 7), (8,), (5, 9), (11, 12, 13, 14), (3, 3)]


@pytest.fixture(scope="module", params=["llama", "gemma2"])
def model(request: pytest.FixtureRequest) -> Any:
    """Return a small model with random weights; Gemma 2 caps its logits."""
    return random_model(request.param, WORDS, head_dim=8)


def aligned_texts(count: int) -> list[AlignedText]:
    """Return texts with one new token each, as `make_lessons` makes them."""
    found: list[AlignedText] = []
    for number in range(count):
        before, pieces = [1, 20 + number % 7, 30 + number % 5], PIECES[number % len(PIECES)]
        old, new = [*before, *pieces, 4, 2], [*before, WORDS + number % len(PIECES), 4, 2]
        joined = [
            *((at, at) for at in range(3)),
            *((2 + len(pieces) + at, 3 + at) for at in (0, 1)),
        ]
        found.append(AlignedText(old, new, [a for a, _ in joined], [b for _, b in joined], 3))
    return found


def asked(
    model: Any, count: int = 35, kept: FitCache = NOTHING, progress: Progress = silent
) -> OutputContexts:
    """Return what is found about the words above; the last of them no text shows."""
    shown = torch.tensor([True] * (len(PIECES) - 1) + [False])
    return output_contexts(
        Teacher(model), aligned_texts(count), [], PIECES, shown, WORDS, kept, progress
    )


def test_a_word_is_wanted_as_likely_as_its_pieces_one_after_the_other(model: Any):
    (wanted,) = (one.wanted for one in asked(model).groups)
    assert wanted.tokens.tolist() == [0, 1, 2, 3, 4]
    lines = [
        aligned.old[:end] for aligned in aligned_texts(35) for end in range(1, len(aligned.old) + 1)
    ]
    states = torch.stack(
        [model.base_model(torch.tensor([one])).last_hidden_state[0, -1] for one in lines]
    )
    for place in (0, 7, 20):
        apart = (states - wanted.places.hidden[place]).abs().amax(1)
        line, likely = lines[int(apart.argmin())], list[float]()
        for pieces in PIECES[:5]:
            logits = model(torch.tensor([[*line, *pieces]])).logits[0, len(line) - 1 : -1].double()
            likely.append(float(logits.log_softmax(1)[range(len(pieces)), list(pieces)].sum()))
        new = Teacher(model).transform.apply(wanted.logits[place])
        whole = torch.logaddexp(wanted.places.total[place], new.logsumexp(0))
        assert (new - whole).tolist() == pytest.approx(likely, abs=1e-3)


@pytest.mark.parametrize("architecture", ["llama", "mamba"])  # the latter has no cache of keys
def test_tails_are_read_behind_a_line_as_by_themselves(architecture: str):
    model = random_model(architecture, WORDS, state_size=4)
    line, tails = [1, 20, 30], [[5, 6], [7], [8, 9, 10]]
    last, found = Teacher(model).after(line, tails)
    for tail, states in zip(tails, found, strict=True):
        alone = model.base_model(torch.tensor([[*line, *tail]])).last_hidden_state[0]
        assert torch.allclose(last, alone[2], atol=1e-5)
        assert torch.allclose(states[: len(tail)], alone[3:], atol=1e-5)


def test_most_places_stand_before_the_words_and_none_is_asked_twice(
    model: Any, monkeypatch: pytest.MonkeyPatch
):
    (wanted,) = (one.wanted for one in asked(model).groups)
    count = len(wanted.places.hidden)
    assert len({tuple(state.tolist()) for state in wanted.places.hidden}) == count
    monkeypatch.setattr("lexgraft.weights.vocabulary.fit.output_embeddings.PLACES", 10)
    (fewer,) = (one.wanted for one in asked(model).groups)
    before = {tuple(aligned.old[:3]) for aligned in aligned_texts(35)}
    states = torch.cat(
        [model.base_model(torch.tensor([one])).last_hidden_state[0, -1:] for one in before]
    )
    apart = (fewer.places.hidden.unsqueeze(1) - states).abs().amax(2).amin(1)
    assert int((apart < 1e-4).sum()) == int(BEFORE * 10) < len(apart) <= 10 < count < PLACES


def test_groups_of_tokens_are_asked_at_places_of_their_own(
    model: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("lexgraft.weights.vocabulary.fit.output_embeddings.TOGETHER", 2)
    found = asked(model)
    assert [one.tokens.tolist() for one in found.groups] == [[0, 1], [2, 3], [4]]
    rows = torch.randn(len(PIECES), WIDTH)
    pulled = found.pulled(rows)
    assert torch.equal(pulled[5], rows[5])
    assert not (pulled[:5] == rows[:5]).any()


def test_places_are_not_asked_at_twice_after_a_stop(model: Any, tmp_path: Path):
    def stop(_: str, done: int, __: int) -> None:
        if done == KEEP:
            raise KeyboardInterrupt

    whole, kept = asked(model), FitCache(tmp_path, "key")
    with pytest.raises(KeyboardInterrupt):
        asked(model, kept=kept, progress=stop)
    assert len(kept.tensors("places-0")["total"]) == KEEP
    told: list[int] = []
    again = asked(model, kept=kept, progress=lambda _, done, __: told.append(done))
    assert told[0] == KEEP
    for one, other in zip(whole.groups, again.groups, strict=True):
        assert torch.equal(one.wanted.logits, other.wanted.logits)
        assert torch.equal(one.wanted.places.hidden, other.wanted.places.hidden)


@pytest.mark.parametrize("stay", [0.01, 1.0, 30.0])
def test_rows_are_pulled_as_ridge_regression_has_it(stay: float):
    generator = torch.Generator().manual_seed(5)
    hidden = 3 + torch.randn(64, 6, generator=generator)
    logits, rows = (torch.randn(n, 3, generator=generator) for n in (64, 6))
    tokens, rows = torch.tensor([0, 2, 3]), torch.cat([rows.T, torch.zeros(2, 6)])
    writing = OutputFit(
        WantedLogProbabilities(tokens, TextPositions(hidden, torch.zeros(64)), logits)
    )
    taught = [n for n in range(64) if n % 8]
    x, y = hidden[taught].double().numpy(), logits[taught].double().numpy()
    weight = np.sqrt(stay * (x**2).mean())
    a = np.concatenate([x / np.sqrt(len(x)), weight * np.eye(6)])
    b = np.concatenate([y / np.sqrt(len(x)), weight * rows[tokens].double().numpy().T])
    wanted = np.linalg.lstsq(a, b, rcond=None)[0].T
    pulled = writing.pulled(rows, stay)
    assert np.allclose(pulled[tokens].numpy(), wanted, atol=1e-5)
    assert torch.equal(pulled[[1, 4]], rows[[1, 4]])


def test_one_place_by_hand():
    """State 2, wanted logit 1, row 0: (2 w - 1)² + 1 · 4 · w² is least at w = 2 / (4 + 4)."""
    wanted = WantedLogProbabilities(
        torch.tensor([0]),
        TextPositions(torch.tensor([[2.0]]), torch.zeros(1)),
        torch.tensor([[1.0]]),
    )
    found = OutputFit(wanted).pulled(torch.zeros(1, 1), 1.0)
    assert float(found) == pytest.approx(0.25)
    assert OutputContexts(Teacher(Looked()), [wanted]).error(found) == pytest.approx(0.5)


def test_errors_are_counted_in_what_the_model_says():
    """A model that halves its logits halves their errors; a cap hides what lies beyond it."""
    wanted = WantedLogProbabilities(
        torch.tensor([0]), TextPositions(torch.ones(1, 1), torch.zeros(1)), torch.ones(1, 1)
    )
    rows = torch.full((1, 1), 5.0)
    assert OutputContexts(Teacher(Looked()), [wanted]).error(rows) == pytest.approx(4)
    assert OutputContexts(Teacher(Looked(None, 0.5)), [wanted]).error(rows) == pytest.approx(2)
    assert OutputContexts(Teacher(Looked(1.0)), [wanted]).error(rows) < 0.25


def test_rows_begin_where_what_writes_is_nearest():
    generator = torch.Generator().manual_seed(5)
    hidden = torch.randn(4, 6, generator=generator).repeat(16, 1)  # few states leave much open
    hidden += 0.5 * torch.randn(64, 6, generator=generator)
    opening, start = (torch.randn(2, 6, generator=generator) for _ in range(2))
    places = TextPositions(hidden, torch.zeros(64))
    known = OutputContexts(
        Teacher(Looked()), [WantedLogProbabilities(torch.arange(2), places, hidden @ opening.T)]
    )
    scale = start.norm(dim=1, keepdim=True) / opening.norm(dim=1, keepdim=True)
    found = known.begun(NewTokenRows(start, None), opening)
    assert torch.allclose(found, known.pulled(scale * opening), atol=1e-5)
    assert torch.equal(known.begun(NewTokenRows(start, None), None), known.pulled(start))
