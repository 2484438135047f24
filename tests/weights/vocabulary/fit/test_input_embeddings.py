"""Rows that read as their pieces do."""

from pathlib import Path
from typing import Any

import pytest
import torch
from random_models import WIDTH, random_model
from scipy.stats import entropy

from lexgraft.weights.vocabulary.fit.aligned_texts import AlignedText, Teacher
from lexgraft.weights.vocabulary.fit.fit_cache import FitCache
from lexgraft.weights.vocabulary.fit.input_embeddings import KEEP, PULLED, fit_inputs

WORDS = 24


@pytest.fixture(scope="module")
def model() -> Any:
    """Return a small model with random weights."""
    return random_model("llama", WORDS)


def aligned_texts(pieces: tuple[int, ...], count: int = 40) -> list[AlignedText]:
    """Return lessons of one new token between other tokens, as `make_lessons` makes them."""
    found: list[AlignedText] = []
    for number in range(count):
        before, after = [1, 3 + number % 7], [4 + number % 11, 9 + number % 5, 2]
        old, new = [*before, *pieces, *after], [*before, WORDS, *after]
        joined = [(0, 0), (1, 1)] + [(1 + len(pieces) + at, 2 + at) for at in range(4)]
        found.append(AlignedText(old, new, [a for a, _ in joined], [b for _, b in joined], 2))
    return found


def test_a_token_of_one_piece_is_read_as_that_piece(model: Any):
    rows = model.get_input_embeddings().weight[[7, 8]].clone()
    read = fit_inputs(Teacher(model), aligned_texts((7,)), rows, WORDS, 0)
    assert read.apart == pytest.approx((0.0, 0.0), abs=1e-6)
    assert fit_inputs(Teacher(model), aligned_texts((8,)), rows, WORDS, 0).apart[0] > 0.01


def test_what_is_fitted_is_the_divergence_of_the_next_token(model: Any):
    (aligned,) = aligned_texts((5, 6), 1)
    rows = torch.randn(1, WIDTH, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        old = model(torch.tensor([aligned.old])).logits[0, aligned.old_places[2:]]
        inputs = model.get_input_embeddings()(torch.tensor([aligned.new]).clamp(max=WORDS - 1))
        inputs[0, 2] = rows[0]
        new = model(inputs_embeds=inputs).logits[0, aligned.new_places[2:]]
    shown = sorted(set(aligned.old))  # the softmax is over the tokens that lessons show
    pairs = zip(*(one[:, shown].double().softmax(1).numpy() for one in (old, new)), strict=True)
    wanted = [entropy(a, b) for a, b in pairs]
    read = fit_inputs(Teacher(model), [aligned], rows, WORDS, 0)
    assert read.apart[0] == pytest.approx(sum(wanted) / len(wanted), rel=1e-4)


@pytest.mark.parametrize("half", [False, True])
def test_reading_is_learned_and_rows_that_no_text_shows_stay(model: Any, half: bool):  # noqa: FBT001
    from copy import deepcopy

    own = deepcopy(model).to(torch.bfloat16) if half else model
    start = model.get_input_embeddings().weight[[5, 9]].clone()
    read = fit_inputs(Teacher(own), aligned_texts((5, 6)), start, WORDS, 40)
    assert read.apart[1] < 0.8 * read.apart[0]
    assert torch.equal(read.rows[1], start[1])
    assert read.rows.dtype == torch.float32
    again = fit_inputs(Teacher(own), aligned_texts((5, 6)), start, WORDS, 40)
    assert torch.equal(read.rows, again.rows)


def test_rows_are_pulled_after_every_step_and_read_all_the_same(model: Any):
    """The pull is that of a quadratic around the rows' first values; it weakens with the steps."""
    start = model.get_input_embeddings().weight[[5, 9]].clone()
    stays: list[float] = []

    def pull(rows: torch.Tensor, stay: float) -> torch.Tensor:
        stays.append(stay)
        return (stay * rows + 5 * start) / (stay + 5)

    free = fit_inputs(Teacher(model), aligned_texts((5, 6)), start, WORDS, 40)
    held = fit_inputs(Teacher(model), aligned_texts((5, 6)), start, WORDS, 40, pull)
    assert stays == pytest.approx([PULLED / (1 - step / 40) for step in range(40)])
    assert held.apart[1] < 0.9 * held.apart[0]
    moved = [float((read.rows - start).norm()) for read in (free, held)]
    assert moved[1] < 0.9 * moved[0]


def test_a_fit_that_was_stopped_goes_on_and_ends_alike(model: Any, tmp_path: Path):
    start = model.get_input_embeddings().weight[[5, 9]].clone()
    whole = fit_inputs(Teacher(model), aligned_texts((5, 6)), start, WORDS, 30)
    steps: list[int] = []

    def stop(what: str, done: int, _: int) -> None:
        if what == "distilling":
            steps.append(done)
            if len(steps) == KEEP + 4:
                raise KeyboardInterrupt

    kept = FitCache(tmp_path / "grown", "key")
    with pytest.raises(KeyboardInterrupt):
        fit_inputs(Teacher(model), aligned_texts((5, 6)), start, WORDS, 30, None, kept, stop)
    assert int(kept.tensors("reading")["done"]) == KEEP
    again = fit_inputs(Teacher(model), aligned_texts((5, 6)), start, WORDS, 30, None, kept, stop)
    assert torch.equal(again.rows, whole.rows)
    assert again.apart == whole.apart
    assert steps == [*range(KEEP + 4), *range(KEEP, 30)]
    assert FitCache(tmp_path / "grown", "another").tensors("reading") == {}
    kept.drop()
    assert not list(tmp_path.iterdir())
