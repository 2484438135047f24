"""Languages told by script, loops told by repetition."""

import pytest

from lexgraft.evaluation.output_language import in_language, repeats


@pytest.mark.parametrize(
    ("text", "language", "yes"),
    [
        ("心筋梗塞です", "ja", True),
        ("ﾍﾓｸﾞﾛﾋﾞﾝ", "ja", True),
        ("myocardial infarction", "ja", False),
        ("ヘモグロビンA1c", "ja", True),
        ("Herzinfarkt", "de", True),
        ("инфаркт", "en", False),
        ("инфаркт", "ru", True),
        ("심근", "ko", True),
        ("12 %", "en", False),
        ("", "ja", False),
    ],
)
def test_a_text_is_in_the_language_of_its_letters(text: str, language: str, *, yes: bool) -> None:
    assert in_language(text, language) is yes


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("the heart of the heart of the heart of the heart of the", True),
        ("心臓の心臓の心臓の心臓の心", True),
        ("はははは", True),
        ("The heart has four chambers.", False),
        ("a, b, a, b", False),
        ("     ", False),
        ("", False),
    ],
)
def test_a_loop_is_a_piece_four_times_at_the_end(text: str, *, yes: bool) -> None:
    assert repeats(text) is yes
