"""Pseudo-terms: halves of real terms put together anew, with letters as likely as a term's."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import log

from lexgraft.records import digest
from lexgraft.terms.text.normalize import comparison_key
from lexgraft.terms.text.scripts import script_of

_TRIED = 20  # recombinations per wanted pseudo-term
_ORDER = 3


class LetterModel:
    """How likely strings of letters are: a trigram model smoothed by shorter ones.

    Witten and Bell's interpolation (IEEE Trans. Inf. Theory 37, 1991, method C): an n-gram's share
    counts as much as its context is frequent, the rest is that of the shorter n-gram.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._grams = [Counter[str]() for _ in range(_ORDER)]
        self._contexts = [Counter[str]() for _ in range(_ORDER)]
        for word in words:
            text = f"^^{word}$"
            for end in range(_ORDER, len(text) + 1):
                for size in range(_ORDER):
                    gram = text[end - 1 - size : end]
                    self._grams[size][gram] += 1
                    self._contexts[size][gram[:-1]] += 1
        self._kinds = [Counter(gram[:-1] for gram in grams) for grams in self._grams]

    def score(self, word: str) -> float:
        """Return the mean log-probability of a word's letters."""
        text = f"^^{word}$"
        ends = range(_ORDER, len(text) + 1)
        return sum(log(self._share(text[:end])) for end in ends) / len(ends)

    def _share(self, text: str) -> float:
        share = 1 / (len(self._grams[0]) + 1)
        for size in range(_ORDER):
            gram = text[len(text) - 1 - size :]
            kinds, total = self._kinds[size][gram[:-1]], self._contexts[size][gram[:-1]]
            if total:
                share = (self._grams[size][gram] + kinds * share) / (total + kinds)
        return share


@lru_cache(maxsize=4)
def letters_of(words: tuple[str, ...]) -> LetterModel:
    """Return the letter model of a term base's words, cached."""
    return LetterModel(words)


def pseudo_terms(term: str, words: Sequence[str], count: int, chance: object) -> list[str]:
    """Return up to `count` words that begin like the term and end like others of its shape.

    Of many recombinations with terms of the same script and about the same length those are taken
    whose letters are about as likely as the term's; what is a real term in `words` is dropped. All
    begin alike, so that no option is told by what it has in common with the others.
    """
    real, model = {comparison_key(word) for word in words}, letters_of(tuple(words))
    alike = [word for word in dict.fromkeys(words) if " " not in word]
    alike.sort(
        key=lambda word: (
            script_of(word) != script_of(term),
            abs(len(word) - len(term)),
            digest("pseudo", chance, term, word),
        )
    )
    candidates = dict.fromkeys(_recombined(term, word) for word in alike[: _TRIED * count])
    likelihood = model.score(term)
    usable = [candidate for candidate in candidates if comparison_key(candidate) not in real]
    return sorted(usable, key=lambda candidate: abs(model.score(candidate) - likelihood))[:count]


def _recombined(term: str, partner: str) -> str:
    return term[: (len(term) + 1) // 2] + partner[(len(partner) + 1) // 2 :]
