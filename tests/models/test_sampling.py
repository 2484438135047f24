"""Answers told as they grow; drawn tokens."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.models.sampling import CHUNK, TextStream, cut_at, likeliest, sampler


@given(st.text("abc", max_size=12), st.lists(st.text("abc", min_size=1, max_size=3), max_size=2))
def test_what_is_told_is_the_text_up_to_the_first_stop(text: str, stop: list[str]) -> None:
    told: list[str] = []

    def hear(piece: str) -> bool:
        told.append(piece)
        return True

    telling = TextStream(hear, stop, (), lambda ids: "".join(map(chr, ids)))
    ids = [ord(one) for one in text]
    for size in range(1, len(ids) + 1):
        if telling.ends_with(ids[:size]):
            break
    written = telling.written(3)
    cut = cut_at(text, stop)
    assert "".join(told) == written.text == text[:cut]
    assert written.finished == (cut is not None)


def test_half_a_character_is_held_back() -> None:
    told: list[str] = []
    telling = TextStream(
        lambda piece: not told.append(piece),
        (),
        (9,),
        lambda ids: ["a", "a\ufffd", "aé"][len(ids) - 1],
    )
    assert not telling.ends_with([1])
    assert not telling.ends_with([1, 2])
    assert telling.ends_with([1, 2, 9])
    assert telling.written(1).finished
    assert told == ["a", "é"]


def test_who_wants_no_more_ends_the_answer() -> None:
    telling = TextStream(lambda _: False, (), (), lambda ids: "x" * len(ids))
    assert telling.ends_with([1])
    assert telling.written(1) == ("x", False, 1, 1)


def test_tokens_are_drawn_from_the_nucleus() -> None:
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.15, 0.05]]))
    pick = sampler(1.0, 0.7, 1)
    drawn = [int(pick(logits)) for _ in range(60)]
    assert set(drawn) == {0, 1}  # 0.5 is below 0.7, so 1 is in; 0.8 is not, so 2 is out
    again = sampler(1.0, 0.7, 1)
    assert drawn == [int(again(logits)) for _ in range(60)]
    assert int(sampler(0.0, 1.0, 1)(logits)) == 0


@pytest.mark.parametrize("size", [3, CHUNK, 2 * CHUNK + 7, 9 * CHUNK])
@pytest.mark.parametrize("count", [1, 4, 50])
def test_the_likeliest_are_those_that_ordering_all_would_find(size: int, count: int) -> None:
    logits = torch.randn(8, size, generator=torch.Generator().manual_seed(size))
    pick = likeliest(count, 2)
    few = logits.topk(min(count, size), dim=1).indices
    for _ in range(20):
        assert (few == pick(logits).unsqueeze(1)).any(1).all()
    if count == 1:
        assert torch.equal(pick(logits), logits.argmax(1))


def test_the_likeliest_are_drawn_by_their_chances() -> None:
    shares = torch.tensor([0.1, 0.2, 0.3, 0.4])
    drawn = likeliest(3, 5)(shares.log().expand(9_000, 4))
    found = torch.bincount(drawn, minlength=4) / 9_000
    assert found[0] == 0  # the fourth likeliest
    wanted = shares[1:] / 0.9
    assert torch.allclose(found[1:], wanted, atol=4 * float((wanted / 9_000).sqrt().max()))
