"""Made-up concepts: names that share nothing, in two languages, as many as a test asks for."""

from collections.abc import Callable

import pytest

from lexgraft.records import Concept, Term, digest

MakeConcepts = Callable[[int], list[Concept]]
_LETTERS = "bdfgklmnprst"
_VOWELS = "aeiou"
_KANJI = "".join(chr(0x4E00 + 37 * n) for n in range(500))


def _word(key: str, syllables: int) -> str:
    value = int(digest(key), 16)
    word = ""
    for _ in range(syllables):
        value, letter = divmod(value, len(_LETTERS))
        value, vowel = divmod(value, len(_VOWELS))
        word += _LETTERS[letter] + _VOWELS[vowel]
    return word


def _kanji(key: str, length: int) -> str:
    value = int(digest(key), 16)
    return "".join(_KANJI[(value >> (9 * at)) % len(_KANJI)] for at in range(length))


def _concept(number: int) -> Concept:
    words = " ".join(_word(f"definition {number} {at}", 3) for at in range(8))
    return Concept(
        id=f"C{number:04d}",
        terms=(
            Term(_word(f"name {number}", 4).capitalize(), "en", "noun"),
            Term(_kanji(f"name {number}", 3), "ja", "noun"),
        ),
        definitions={"en": f"{words.capitalize()}."},
        field="medicine",
        type=f"T{number % 7}",
        rarity={"en": 1.0, "ja": 1.0},
    )


@pytest.fixture(scope="session")
def make_concepts() -> MakeConcepts:
    """Return a maker of the first n made-up concepts."""

    def make(count: int) -> list[Concept]:
        return [_concept(number) for number in range(count)]

    return make
