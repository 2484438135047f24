"""What a model is held to: its own chances, those with an entry read, and lessons left out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from transformers import AutoModelForCausalLM

from lexgraft.errors import LexgraftError
from lexgraft.records import silent
from lexgraft.tuning.teacher_chances import (
    DistilledLessons,
    able_rows,
    answer_weight,
    held_weight,
    is_held,
    start_chances,
)
from lexgraft.tuning.token_batches import TrainingRow, encode_examples
from lexgraft.tuning.training_config import TrainingConfig
from lexgraft.tuning.training_examples import DistilledLesson, TrainingExample

KL = TrainingConfig(keep="kl", keep_weight=3.0, batch=2, likeliest=5)
TEXT = TrainingRow((2, 5, 9, 11), 1, replayed=True)
LESSON = TrainingRow((2, 7, 30, 31, 8), 2, teacher=(2, 40, 41, 7, 30, 31, 8), written=2)


@pytest.fixture
def model(tiny_model: Path) -> Any:
    return AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32).eval()


def logs_after(model: Any, tokens: Sequence[int], answer: int) -> torch.Tensor:
    """Return, in float64, the logarithms of all words' chances at the last tokens, by a forward."""
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([list(tokens)])).logits[0]
    return logits[-answer - 1 : -1].double().log_softmax(1)


def test_what_counts_for_what_by_the_way_of_keeping() -> None:
    plain = TrainingRow((2, 5), 1)
    by_way = {
        way: [
            (answer_weight(row, config), held_weight(row, config)) for row in (plain, TEXT, LESSON)
        ]
        for way in ("replay", "kl", "both")
        for config in [msgspec.structs.replace(KL, keep=way)]
    }
    assert by_way == {
        "replay": [(1, 0), (1, 0), (0, 1)],
        "kl": [(1, 0), (0, 3), (0, 1)],
        "both": [(1, 0), (1, 3), (0, 1)],
    }
    weightless = msgspec.structs.replace(KL, keep="both", keep_weight=0)
    assert not is_held(TEXT, weightless)


def test_a_text_is_held_to_the_chances_of_a_plain_forward(model: Any) -> None:
    longer = TrainingRow((2, 5, 9, 11, 12, 13), 3, replayed=True)
    noted = start_chances(model, [longer, TEXT, TrainingRow((2, 5), 1)], KL, silent).noted
    assert set(noted) == {longer, TEXT}
    for row, (words, logs) in noted.items():
        expected = logs_after(model, row.tokens, len(row.tokens) - row.start)
        assert words.shape == (len(row.tokens) - row.start, 5)
        assert torch.equal(words, expected.topk(5).indices)
        assert torch.allclose(logs.double(), expected.gather(1, words), atol=1e-5)


def test_a_lesson_is_held_to_the_entry_while_the_term_is_written_and_else_to_the_model(
    model: Any,
) -> None:
    words, logs = start_chances(model, [LESSON], KL, silent).noted[LESSON]
    plain, entered = (logs_after(model, tokens, 3) for tokens in (LESSON.tokens, LESSON.teacher))
    expected = torch.stack([entered[0], entered[1], plain[2]])
    assert torch.equal(words, expected.topk(5).indices)
    assert torch.allclose(logs.double(), expected.gather(1, words), atol=1e-5)


def test_where_the_model_writes_the_word_by_itself_it_stays_as_it_is(model: Any) -> None:
    first = int(logs_after(model, (2, 7, 0), 1)[0].argmax())
    row = TrainingRow((2, 7, first, 31), 2, teacher=(2, 40, 7, first, 31), written=2)
    words, _ = start_chances(model, [row], KL, silent).noted[row]
    assert torch.equal(words[0], logs_after(model, row.tokens, 2)[0].topk(5).indices)


def test_a_teacher_is_able_whose_likeliest_words_are_the_term(model: Any) -> None:
    prompt = (2, 40, 41, 7)
    first = int(logs_after(model, (*prompt, 0), 1)[0].argmax())
    second = int(logs_after(model, (*prompt, first, 0), 1)[0].argmax())
    able = TrainingRow((2, 7, first, second, 8), 2, teacher=(*prompt, first, second, 8), written=2)
    wrong = (second + 1) % 50
    other = TrainingRow((2, 7, first, wrong, 8), 2, teacher=(*prompt, first, wrong, 8), written=2)
    assert start_chances(model, [able, other], KL, silent).able == {able}


def lesson(number: int) -> TrainingRow:
    return TrainingRow((2, number), 1, teacher=(2, 3, number), written=1, concept=f"c{number // 2}")


def test_lessons_that_cannot_be_taught_are_replaced_in_turns_and_counted() -> None:
    rows = [lesson(4), TEXT, lesson(5), lesson(6), lesson(7), lesson(4)]
    left, counts = able_rows(rows, frozenset({lesson(5), lesson(6)}))
    assert left == [lesson(5), TEXT, lesson(5), lesson(6), lesson(6), lesson(5)]
    assert counts == DistilledLessons(4, 2, 2, 2)


def test_without_distilled_lessons_nothing_is_left_out_or_counted() -> None:
    assert able_rows([TEXT, TEXT], frozenset()) == ([TEXT, TEXT], None)


@pytest.mark.parametrize("able", [(), (4, 5)])
def test_too_few_concepts_that_a_teacher_writes_are_refused(able: tuple[int, ...]) -> None:
    rows = [lesson(number) for number in range(4, 10)]
    with pytest.raises(
        LexgraftError, match=rf"{min(1, len(able))} of 3 concepts.*too few"
    ) as error:
        able_rows(rows, frozenset(map(lesson, able)))
    assert "termbase" in str(error.value)


def test_a_row_says_what_its_teacher_reads_and_how_far_the_term_goes() -> None:
    def encode(text: str) -> list[int]:
        return [2, *map(ord, text)]

    taught = DistilledLesson("entry\nq:", "xy", "c")
    (row,) = encode_examples([TrainingExample("q:", " xyz.", distilled=taught)], encode, 99)
    assert row.teacher == tuple(encode("entry\nq: xyz."))
    assert row.tokens[row.start : row.start + row.written] == tuple(map(ord, " xy"))
    assert row.concept == "c"


def test_a_token_over_the_seam_of_prompt_and_answer_or_the_end_of_the_term_is_whole() -> None:
    def encode(text: str) -> list[int]:
        """Return pairs of letters as tokens."""
        return [2, *(hash(text[n : n + 2]) for n in range(0, len(text), 2))]

    taught = DistilledLesson("entry!q", "xyz", "c")  # both prompts end within a pair
    (row,) = encode_examples([TrainingExample("q", "xyz.", distilled=taught)], encode, 99)
    assert row.teacher == tuple(encode("entry!qxyz."))
    assert row.start == 1
    assert row.written == 2  # "qx", "yz"
    (short,) = encode_examples(
        [TrainingExample("qq", "xyz.", distilled=DistilledLesson("entry!qq", "xyz", "c"))],
        encode,
        99,
    )
    assert short.written == 2  # "xy", "z."
