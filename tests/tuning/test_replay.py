"""Replay: broad, some of it at the end, with the model's own answers and nothing measured."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.errors import LexgraftError
from lexgraft.records import Document
from lexgraft.tuning.replay import disjoint, mix_replay, text_examples
from lexgraft.tuning.training_examples import TrainingExample


def document(number: int, text: str = "", register: str = "everyday") -> Document:
    return Document(f"d{number}", "en", register, text or f"text {number} " * 10)


def test_texts_are_cut_and_lose_nothing() -> None:
    texts = [document(n, f"{n} " + "word " * 300) for n in range(3)]
    made = text_examples(texts, seed=1, piece=100)
    assert all(not one.prompt and len(one.answer) <= 100 for one in made)
    assert sum(len(one.answer) for one in made) == sum(len(one.text) for one in texts)
    assert {one.answer[0] for one in made[:3]} == {"0", "1", "2"}


@given(st.integers(1, 120), st.integers(1, 40), st.sampled_from([0.1, 0.25, 0.5]))
def test_replay_has_its_share_keeps_the_order_and_is_broad(
    count: int, documents: int, share: float
) -> None:
    terms = [TrainingExample(f"p{n}", "a") for n in range(count)]
    made = mix_replay(terms, [document(n) for n in range(documents)], share, seed=1)
    replay = [one for one in made if not one.prompt]
    assert [one for one in made if one.prompt] == terms
    assert len(replay) == round(count * share / (1 - share))
    assert len(set(replay)) == min(documents, len(replay))


def test_some_replay_comes_after_the_last_term() -> None:
    made = mix_replay(
        [TrainingExample(f"p{n}", "a") for n in range(90)], [document(n) for n in range(9)], 0.25, 1
    )
    tail = len(made) - 1 - max(n for n, one in enumerate(made) if one.prompt)
    assert tail >= 6
    halves = [sum(not one.prompt for one in made[:45]), sum(not one.prompt for one in made[45:90])]
    assert min(halves) >= 8


def test_no_replay_needs_no_texts_and_replay_does() -> None:
    terms = [TrainingExample("p", "a")] * 8
    assert mix_replay(terms, [], 0, seed=1) == terms
    with pytest.raises(LexgraftError, match="no texts to replay"):
        mix_replay(terms, [], 0.25, seed=1)


def test_own_answers_and_texts_take_turns() -> None:
    own = [TrainingExample("The weather", f" is {n}") for n in range(3)]
    made = mix_replay(
        [TrainingExample("p", "a")] * 12, [document(n) for n in range(6)], 0.5, 1, own
    )
    replay = [one for one in made if one.prompt != "p"]
    assert [one.prompt == "The weather" for one in replay] == [False, True] * 6
    alone = mix_replay([TrainingExample("p", "a")] * 4, [], 0.5, 1, own)
    assert sum(one.prompt == "The weather" for one in alone) == 4


def test_a_small_register_is_not_lost_among_a_large_one() -> None:
    many = [document(n) for n in range(40)]
    few = [document(100 + n, f"press {n}", "manual") for n in range(2)]
    made = text_examples([*many, *few], seed=1)
    assert {one.answer for one in made[:4]} > {"press 0", "press 1"}


def test_a_text_that_shares_a_sentence_with_a_measured_one_is_not_replayed() -> None:
    measured = [document(1, "The harbour was full of boats that day. They left.")]
    same = document(2, "Others came. the  harbour was full of ｂoats that day. Late.")
    short = document(3, "They left.")
    other = document(4, "A harbour was full of boats that day.")
    assert disjoint([same, short, other], measured) == [short, other]
    assert disjoint(measured, measured) == []
    assert disjoint([document(5, "They left.")], [document(6, "They left.")]) == []
