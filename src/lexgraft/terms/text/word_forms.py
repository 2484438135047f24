"""English word forms by rule: plurals and possessives of a term's last word, and the way back."""

import re

_PLURAL = re.compile(r"[a-z]{3,}$")


def inflections(key: str) -> tuple[str, ...]:
    """Return the regular English plural and possessive forms of a folded term's last word."""
    if not _PLURAL.search(key) or not key.isascii():
        return ()
    if key.endswith("sis"):
        plural = key[:-2] + "es"
    elif key.endswith(("s", "x", "z", "ch", "sh")):
        plural = key + "es"
    elif key.endswith("y") and key[-2] not in "aeiou":
        plural = key[:-1] + "ies"
    else:
        plural = key + "s"
    return (plural, key + "'s", key + "\u2019s")


def base_forms(form: str) -> tuple[str, ...]:
    """Return the folded terms of which this is a form: the way back from `inflections`."""
    if form.endswith(("'s", "\u2019s")):
        guesses = (form[:-2],)
    elif form.endswith("ies"):
        guesses = (form[:-3] + "y", form[:-1])
    elif form.endswith("es"):
        guesses = (form[:-2] + "is", form[:-2], form[:-1])
    else:
        guesses = (form[:-1],)
    return tuple(guess for guess in guesses if form in inflections(guess))


def without_plural_s(word: str) -> str:
    """Return an English word without its plural -s (not -ss, -us, -is)."""
    plural = len(word) > 4 and word.endswith("s") and word[-2] not in "sui"
    return word[:-1] if plural else word
