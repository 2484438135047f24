"""Stems: what gives a word away."""

import pytest

from lexgraft.terms.text.stems import stems


@pytest.mark.parametrize(
    ("folded", "expected"),
    [
        ("acute pancreatitis", {"acute", "pancr"}),
        ("eye", set[str]()),  # too short to tell one word from another
        ("大腸炎", {"大腸", "腸炎"}),
        ("コレラ菌", {"コレ", "レラ", "ラ菌"}),
        ("コレラ", {"コレラ"}),
        ("の", set[str]()),  # a particle
    ],
)
def test_stems_are_starts_of_words_and_characters_in_a_row(folded: str, expected: set[str]):
    assert stems(folded) == expected
