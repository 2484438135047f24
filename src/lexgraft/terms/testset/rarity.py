"""Rarity: how often a term is written, as Zipf frequency (log10 per billion words)."""

import re
from collections.abc import Callable, Mapping
from functools import cache

from lexgraft.errors import LexgraftError
from lexgraft.terms.text.scripts import UNSPACED

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_LONGEST = 12  # characters of one Japanese or Chinese word looked up


def zipf(text: str, language: str) -> float:
    """Return the Zipf frequency of a term, 0 for an unknown one: that of its rarest word.

    A phrase is never written more often than its rarest word, so this is an upper bound, and a
    term kept as rare is rare (wordfreq 3; the scale is van Heuven et al. 2014, "SUBTLEX-UK",
    section "Zipf scale"). Text without spaces is cut into the fewest known words; a word that only
    single characters could make up is unknown.

    Raises:
        LexgraftError: the package `wordfreq` is not installed, or knows no such language.
    """
    return phrase_zipf(text, lambda word: word_zipf(word, language))


def word_zipf(word: str, language: str) -> float:
    """Return the Zipf frequency of one word as it stands in the list, 0 when it does not."""
    return _frequencies(language.partition("-")[0]).get(word.casefold(), 0.0)


def phrase_zipf(text: str, word_zipf: Callable[[str], float]) -> float:
    """Return the Zipf frequency of the rarest word of a phrase, given that of a word."""
    folded = text.casefold()
    words = [word for word in _WORD.findall(folded) if not UNSPACED.search(word)]
    runs = UNSPACED.findall(folded)
    values = [word_zipf(word.replace("’", "'")) for word in words]
    values += [_run_zipf(run, word_zipf) for run in runs]
    return min(values, default=0.0)


def _run_zipf(run: str, word_zipf: Callable[[str], float]) -> float:
    """Return the frequency of unspaced text: its rarest word when cut into the fewest."""
    as_one_word = word_zipf(run)
    if as_one_word or len(run) == 1:
        return as_one_word
    best: list[tuple[int, float]] = [(0, 9.0)]  # (words, rarest) up to each character
    longest = [0]
    for end in range(1, len(run) + 1):
        cuts = [
            (best[start][0] + 1, min(best[start][1], word_zipf(run[start:end])), start)
            for start in range(max(0, end - _LONGEST), end)
            if end - start == 1 or word_zipf(run[start:end])
        ]
        count, rarest, start = min(cuts, key=lambda cut: (cut[0], -cut[1]))
        best.append((count, rarest))
        longest.append(max(longest[start], end - start))
    return best[-1][1] if longest[-1] > 1 else 0.0


@cache
def _frequencies(language: str) -> Mapping[str, float]:
    """Return word → Zipf frequency; the tables are wordfreq's, read once."""
    try:
        import wordfreq
    except ImportError as error:
        raise LexgraftError(
            "rarity needs the package `wordfreq`", cure="pip install 'lexgraft[rarity]'"
        ) from error
    if language not in wordfreq.available_languages("small"):
        raise LexgraftError(
            f"no word frequencies for language `{language}`",
            cure="leave `terms.max_zipf` out, or give `rarity` in the term base",
        )
    words: dict[str, float] = {}
    for rank, group in enumerate(wordfreq.get_frequency_list(language)):
        words.update(dict.fromkeys(group, round(9.0 - rank / 100, 2)))  # group n: 10^(-n/100)
    return words
