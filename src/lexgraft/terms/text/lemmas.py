"""Lemmas of words, where a rule for plurals is not enough: the one door to simplemma."""

from collections.abc import Callable
from functools import lru_cache

from lexgraft.errors import LexgraftError


def has_lemmas(language: str) -> bool:
    """Return whether simplemma knows a language.

    Raises:
        LexgraftError: simplemma is not installed.
    """
    try:
        read_lemmas(language)
    except _UnknownLanguageError:
        return False
    return True


class _UnknownLanguageError(LexgraftError):
    """A language without lemmas."""


def read_lemmas(language: str) -> Callable[[str], str]:
    """Return a function from a word to its lemma in a language.

    Raises:
        LexgraftError: simplemma is not installed or does not know the language.
    """
    try:
        from simplemma import lemmatize
    except ImportError as error:
        raise LexgraftError(
            "lemmas need the package simplemma", cure="pip install 'lexgraft[lemmas]'"
        ) from error
    primary = language.partition("-")[0]

    @lru_cache(maxsize=1 << 16)
    def lemma(word: str) -> str:
        return lemmatize(word, lang=primary)

    try:
        lemma("a")
    except ValueError as error:
        raise _UnknownLanguageError(f"simplemma has no lemmas for `{language}`") from error
    return lemma
