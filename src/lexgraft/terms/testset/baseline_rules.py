"""Rules that know nothing: guesses from the characters, length, sound or place of the options."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from math import log

from lexgraft.terms.testset.form_profile import text_length
from lexgraft.terms.text.normalize import comparison_key
from lexgraft.terms.text.phonetic import sound_similarities
from lexgraft.terms.text.scripts import is_dense

CHARACTERS, LENGTH, POSITION = "characters of the options", "length of the options", "gold position"
SOUND, SHARED = "sound of the options", "text shared with the question"

_ORDER = 3  # longest n-gram
_STEADY = 0.8  # right answers spread by so much less than wrong ones: a preferred length
_LONGEST = 12  # characters of a shared piece that are looked for
_LATIN_PIECE = 3  # letters that two texts share by chance are fewer

Guess = Callable[[str, Sequence[str]], Sequence[float]]
"""Scores per option, given the question and the options' texts; the highest is the guess."""

Learn = Callable[[Iterable[tuple[str, bool]]], Guess]
"""Makes a guess from options and whether they were right."""


def learn_characters(examples: Iterable[tuple[str, bool]]) -> Guess:
    """Return a guess by mean log-odds of character n-grams, right against wrong options."""
    counts = {True: Counter[str](), False: Counter[str]()}
    for text, right in examples:
        counts[right].update(_grams(text))
    vocabulary = len(counts[True] | counts[False]) + 1
    total = {right: sum(counts[right].values()) + vocabulary for right in counts}

    def odds(gram: str) -> float:
        right = (counts[True][gram] + 1) / total[True]
        return log(right * total[False] / (counts[False][gram] + 1))

    return lambda _, texts: [mean([odds(gram) for gram in _grams(text)]) for text in texts]


def learn_length(examples: Iterable[tuple[str, bool]]) -> Guess:
    """Return a guess by length: the longest, the shortest or the middle, what fits best."""
    pairs = [(text_length(text.strip()), right) for text, right in examples]
    means = {
        right: mean([size for size, which in pairs if which == right]) for right in (True, False)
    }
    spread = {
        right: mean([abs(size - means[right]) for size, which in pairs if which == right])
        for right in (True, False)
    }
    if spread[True] < _STEADY * spread[False]:
        return lambda _, texts: [-abs(text_length(text.strip()) - means[True]) for text in texts]
    sign = 1 if means[True] >= means[False] else -1
    return lambda _, texts: [float(sign * text_length(text.strip())) for text in texts]


def by_sound(question: str, texts: Sequence[str]) -> list[float]:
    """Return a guess by how much an option sounds like the question: no meaning is needed."""
    return sound_similarities(question, texts)


def by_shared_text(question: str, texts: Sequence[str]) -> list[float]:
    """Return a guess by the longest piece that an option has in common with the question."""
    folded = comparison_key(question)
    return [float(_longest_shared(folded, comparison_key(text))) for text in texts]


LEARNT: tuple[tuple[str, Learn], ...] = ((CHARACTERS, learn_characters), (LENGTH, learn_length))
FROM_QUESTION: tuple[tuple[str, Guess], ...] = ((SOUND, by_sound), (SHARED, by_shared_text))


def mean(values: Sequence[float]) -> float:
    """Return the mean, 0 of nothing."""
    return sum(values) / len(values) if values else 0.0


def _longest_shared(question: str, text: str) -> int:
    """Return how many characters the longest shared piece has, 0 below what chance gives."""
    shortest = 1 if is_dense(text) else _LATIN_PIECE
    for size in range(min(_LONGEST, len(text)), shortest - 1, -1):
        if any(text[start : start + size] in question for start in range(len(text) - size + 1)):
            return size
    return 0


def _grams(text: str) -> list[str]:
    padded = f"^{text.strip().casefold()}$"
    return [
        padded[start : start + size]
        for size in range(1, _ORDER + 1)
        for start in range(len(padded) - size + 1)
    ]
