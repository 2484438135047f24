"""Bits per byte by hand, and paired by document."""

import numpy as np
import pytest

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.general_texts import (
    EverydayWords,
    advances_kept,
    bits_per_byte,
    general_losses,
    relative_change,
)
from lexgraft.records import Document, TextScore


def documents(n: int, language: str = "ja") -> list[Document]:
    return [Document(f"{language}{i}", language, "manual", "") for i in range(n)]


def test_bits_per_byte_by_hand() -> None:
    """10 bits on 20 bytes and 30 on 20: 40 / 40; the English document by itself 4 / 8."""
    texts = [*documents(2), *documents(1, "en"), Document("empty", "en", "manual", "")]
    scores = [
        TextScore("ja0", 10, 20),
        TextScore("ja1", 30, 20),
        TextScore("en0", 4, 8),
        TextScore("empty", 0, 0),
    ]
    found = bits_per_byte(texts, scores, seed=0)
    assert list(found) == ["en/manual", "ja/manual"]
    assert (found["ja/manual"].value, found["ja/manual"].n) == (1.0, 2)
    assert (found["en/manual"].value, found["en/manual"].n) == (0.5, 1)


def test_relative_change_by_hand() -> None:
    """80 bits become 84 on the same bytes: +5 %."""
    before = [TextScore("ja0", 50, 20), TextScore("ja1", 30, 20)]
    after = [TextScore("ja0", 52, 20), TextScore("ja1", 32, 20)]
    assert relative_change(documents(2), before, after)["ja/manual"].value == pytest.approx(0.05)


def test_pairing_sees_a_loss_that_the_spread_of_documents_would_hide() -> None:
    rng = np.random.default_rng(0)
    bits = rng.uniform(100, 900, 24)
    before = [TextScore(f"ja{i}", float(b), 400) for i, b in enumerate(bits)]
    after = [
        TextScore(f"ja{i}", float(b * f), 400)
        for i, (b, f) in enumerate(zip(bits, rng.normal(1.05, 0.02, 24), strict=True))
    ]
    change = relative_change(documents(24), before, after)["ja/manual"]
    assert 0.03 < change.low < change.value < change.high < 0.07
    alone = bits_per_byte(documents(24), before, 0)["ja/manual"]
    assert (alone.high - alone.low) / alone.value > 0.2


def test_a_model_against_itself_changes_nothing() -> None:
    scores = [TextScore(f"ja{i}", 10.0 + i, 7) for i in range(8)]
    change = relative_change(documents(8), scores, scores)["ja/manual"]
    assert change[:3] == (0.0, 0.0, 0.0)


def test_seven_documents_have_no_interval() -> None:
    scores = [TextScore(f"ja{i}", 10.0 + i, 7) for i in range(7)]
    change = relative_change(documents(7), scores, scores)["ja/manual"]
    assert change == (0.0, -1.0, 1.0, 7)


def scored(rise: float, n: int = 20, language: str = "ja") -> list[TextScore]:
    return [TextScore(f"{language}{i}", (100.0 + i) * (1 + rise), 70) for i in range(n)]


def test_a_language_has_one_composite_of_its_registers_and_everyday_words() -> None:
    """4 % of bits and a tenth of P(right): 7 % in Japanese; English has texts alone."""
    before, after = {f"c{i}": 0.5 for i in range(9)}, {f"c{i}": 0.45 for i in range(9)}
    texts = [*documents(20), *documents(20, "en")]
    old, new = ([*scored(rise), *scored(2 * rise, language="en")] for rise in (0.0, 0.04))
    found = general_losses(texts, old, new, {"ja": EverydayWords(before, after)})
    assert list(found) == ["en", "ja"]
    assert found["ja"].composite is not None
    assert found["en"].composite is not None
    assert found["ja"].composite.value == pytest.approx(0.07)
    assert found["en"].composite.value == pytest.approx(0.08)
    assert list(found["ja"].strata) == ["ja/manual", "ja/everyday"]


def test_related_everyday_concepts_are_one() -> None:
    before = {f"c{i}": 0.5 for i in range(21)}
    parents = {f"c{i}": f"p{i // 3}" for i in range(21)}
    assert EverydayWords(before, before, parents).loss().n == 7
    losses = general_losses([], [], [], {"ja": EverydayWords(before, before, parents)})
    assert losses["ja"].composite is None


def test_the_share_of_an_advance_that_is_kept_by_hand() -> None:
    """The recipient needs a tenth less than the base, the result a twentieth less."""
    found = advances_kept(documents(20), scored(0.0), scored(-0.1), scored(-0.05))
    assert found["ja"] is not None
    assert found["ja"].value == pytest.approx(0.5)
    assert advances_kept(documents(20), scored(0.0), scored(0.1), scored(0.0))["ja"] is None


@pytest.mark.slow
def test_the_interval_covers_the_true_change_from_24_documents() -> None:
    covered = 0
    for trial in range(300):
        rng = np.random.default_rng(trial)
        bits = rng.integers(300, 700, 24) * rng.lognormal(0, 0.3, 24)
        ratio = rng.normal(1.02, 0.03, 24)
        before = [TextScore(f"ja{i}", float(b), 400) for i, b in enumerate(bits)]
        after = [
            TextScore(f"ja{i}", float(b * r), 400)
            for i, (b, r) in enumerate(zip(bits, ratio, strict=True))
        ]
        change = relative_change(documents(24), before, after)["ja/manual"]
        covered += change.low <= 0.02 <= change.high
    assert 0.92 <= covered / 300 <= 0.98


def test_a_register_without_a_scored_byte_is_named() -> None:
    scores = [TextScore("ja0", 10, 20), TextScore("en0", 0, 0)]
    texts = [*documents(1), *documents(1, "en")]
    with pytest.raises(LexgraftError, match="en/manual"):
        bits_per_byte(texts, scores, seed=0)
    with pytest.raises(LexgraftError, match="en/manual"):
        relative_change(texts, scores, scores)
