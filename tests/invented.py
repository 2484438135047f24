"""Made-up words and concepts: names that share nothing, the same on every run."""

from lexgraft.records import Concept, Term, digest

_LETTERS = "bdfgklmnprst"
_VOWELS = "aeiou"
_KANJI = "".join(chr(0x4E00 + 37 * n) for n in range(500))


def word(key: str, syllables: int) -> str:
    """Return a made-up word for a key."""
    value = int(digest(key), 16)
    text = ""
    for _ in range(syllables):
        value, letter = divmod(value, len(_LETTERS))
        value, vowel = divmod(value, len(_VOWELS))
        text += _LETTERS[letter] + _VOWELS[vowel]
    return text


def concept(kind: str, number: int) -> Concept:
    """Return a made-up concept with an English and a Japanese name and an English definition."""
    value = int(digest(kind, number), 16)
    kanji = "".join(_KANJI[(value >> (9 * at)) % len(_KANJI)] for at in range(3))
    meaning = " ".join(word(f"{kind} {number} {at}", 3) for at in range(6))
    return Concept(
        id=f"{kind}{number:04d}",
        terms=(
            Term(word(f"{kind} {number}", 4).capitalize(), "en", "noun"),
            Term(kanji, "ja", "noun"),
        ),
        definitions={"en": f"{meaning.capitalize()}."},
        field="invented",
        type=f"T{number % 7}",
        rarity={"en": 1.0, "ja": 1.0},
        source="invented",
        licence="CC0-1.0",
    )
