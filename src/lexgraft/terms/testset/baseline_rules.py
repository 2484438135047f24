"""Rules that know nothing: guesses from the form of the options, or from what they share."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from math import log

from lexgraft.terms.testset.form_profile import text_length
from lexgraft.terms.text.normalize import comparison_key
from lexgraft.terms.text.phonetic import sound_similarities
from lexgraft.terms.text.scripts import KANJI, is_dense

CHARACTERS, LENGTH, POSITION = "characters of the options", "length of the options", "gold position"
SOUND, SHARED = "sound of the options", "text shared with the question"
MIDDLE, FREQUENT = "length nearest to the mean", "most frequent option"
SHORT_WORDS, SHARED_KANJI = "short words shared with the question", "kanji shared with the question"
CAPITALS, BRACKETS = "capitals as in the question", "brackets as in the question"
INITIALS = "initials of the question"
PIECES = "pieces of words"

_ORDER = 3  # longest n-gram
_STEADY = 0.8  # right answers spread by so much less than wrong ones: a preferred length
_LONGEST = 12  # characters of a shared piece that are looked for
_LATIN_PIECE = 3  # letters that two texts share by chance are fewer

_SHORT = 4  # letters of a word that no rule about longer pieces sees
_WORD = re.compile(r"[^\W_]+")
_ACRONYM = re.compile(r"\b[A-Z]{2,6}\b")
_BRACKET = re.compile(r"[()\[\]（）［］]")

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
    return [float(_longest_shared(folded, _folded(text))) for text in texts]


def by_short_words(question: str, texts: Sequence[str]) -> list[float]:
    """Return a guess by how many words of up to four letters an option shares with the question."""
    asked = _short_words(question)
    return [float(len(asked & _short_words(text))) for text in texts]


def by_shared_kanji(question: str, texts: Sequence[str]) -> list[float]:
    """Return a guess by how many kanji an option shares with the question: one is enough."""
    asked = _kanji(question)
    return [float(len(asked & _kanji(text))) for text in texts]


def by_capitals(question: str, texts: Sequence[str]) -> list[float]:
    """Return a guess by capitals beyond the first letter: there where the question has some."""
    asked = _has_capitals(question)
    return [float(_has_capitals(text) == asked) for text in texts]


def by_brackets(question: str, texts: Sequence[str]) -> list[float]:
    """Return a guess by brackets: there where the question has some."""
    asked = bool(_BRACKET.search(question))
    return [float(bool(_BRACKET.search(text)) == asked) for text in texts]


def by_initials(question: str, texts: Sequence[str]) -> list[float]:
    """Return a guess by the longest acronym on one side made of initials of the other."""
    return [float(max(_spelt(question, text), _spelt(text, question))) for text in texts]


def by_middle_length(_question: str, texts: Sequence[str]) -> list[float]:
    """Return a guess by length: what is nearest to the mean of the options."""
    sizes = [text_length(text.strip()) for text in texts]
    return [-abs(len(sizes) * size - sum(sizes)) for size in sizes]


def learn_frequent(options: Iterable[str]) -> Guess:
    """Return a guess by how often a text is an option of the set: a right one is in every draw."""
    counts = Counter(comparison_key(text) for text in options)
    return lambda _, texts: [counts[comparison_key(text)] for text in texts]


LEARNT: tuple[tuple[str, Learn], ...] = ((CHARACTERS, learn_characters), (LENGTH, learn_length))
FROM_QUESTION: tuple[tuple[str, Guess], ...] = (
    (SOUND, by_sound),
    (SHARED, by_shared_text),
    (SHORT_WORDS, by_short_words),
    (SHARED_KANJI, by_shared_kanji),
    (CAPITALS, by_capitals),
    (BRACKETS, by_brackets),
    (INITIALS, by_initials),
)


def mean(values: Sequence[float]) -> float:
    """Return the mean, 0 of nothing."""
    return sum(values) / len(values) if values else 0.0


_folded = cache(comparison_key)
_dense = cache(is_dense)


@cache
def _short_words(text: str) -> frozenset[str]:
    words = _WORD.findall(comparison_key(text))
    return frozenset(word for word in words if len(word) <= _SHORT and not is_dense(word))


@cache
def _kanji(text: str) -> frozenset[str]:
    return frozenset(KANJI.findall(comparison_key(text)))


@cache
def _has_capitals(text: str) -> bool:
    return any(map(str.isupper, text.strip()[1:]))


@cache
def _acronyms(text: str) -> tuple[str, ...]:
    return tuple(_ACRONYM.findall(text))


@cache
def _initials(text: str) -> str:
    return "".join(word[0] for word in _WORD.findall(text)).upper()


def _spelt(short: str, long: str) -> int:
    """Return the length of the longest acronym in one text that the other's initials spell."""
    return max(
        (len(acronym) for acronym in _acronyms(short) if acronym in _initials(long)), default=0
    )


def _longest_shared(question: str, text: str) -> int:
    """Return how many characters the longest shared piece has, 0 below what chance gives."""
    shortest = 1 if _dense(text) else _LATIN_PIECE
    size, starts = shortest, range(len(text) - shortest + 1)
    while starts and size <= _LONGEST:
        # What is shared starts where something shorter that is shared does.
        starts = [at for at in starts if text[at : at + size] in question]
        size += bool(starts)
        starts = [at for at in starts if at + size <= len(text)]
    return size - 1 if size > shortest else 0


def _grams(text: str) -> list[str]:
    padded = f"^{text.strip().casefold()}$"
    return [
        padded[start : start + size]
        for size in range(1, _ORDER + 1)
        for start in range(len(padded) - size + 1)
    ]
