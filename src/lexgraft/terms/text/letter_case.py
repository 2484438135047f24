"""Does case matter for a term? Its own case says so: IT is not it, and `valve` may begin a line."""

from collections.abc import Iterable
from typing import Literal
from unicodedata import normalize

CaseRule = Literal["auto", "fold", "exact"]
"""By the term's own case (all capitals matter) · never · always."""
CASE_RULES: tuple[CaseRule, ...] = ("auto", "fold", "exact")
_LONG = 7  # letters: more than acronyms have


def case_pattern(term: str, rule: CaseRule = "auto") -> str:
    """Return the letters whose case a text must have, or nothing where case says nothing.

    >>> case_pattern("IT"), case_pattern("Heart"), case_pattern("C++"), case_pattern("3D-CAD")
    ('IT', '', '', 'DCAD')
    """
    if rule == "fold" or (rule == "auto" and not term.isupper()):
        return ""
    letters = _cased(term)
    return letters if rule == "exact" or len(letters) > 1 else ""


def has_case(text: str, pattern: str) -> bool:
    """Tell whether a place in a text has the letters of a pattern as they are, endings aside.

    >>> has_case("APIs", "API"), has_case("Apis", "API")
    (True, False)
    """
    return all(
        sign == letter or sign.casefold() != letter.casefold()
        for sign, letter in zip(pattern, _cased(text), strict=False)
    )


def rule_for(terms: Iterable[str], rule: CaseRule) -> CaseRule:
    """Return the rule for a list of terms: where it is all in capitals they say nothing.

    Acronyms are short; a list is taken as written in capitals where most of its long terms are.
    """
    balance = 0
    for term in terms:
        if len(term) >= _LONG and term.upper() != term.lower() and len(_cased(term)) >= _LONG:
            balance += 1 if term.isupper() else -1
    all_capitals: CaseRule = "fold" if rule == "auto" else rule
    return all_capitals if balance > 0 else rule


def _cased(text: str) -> str:
    """Return the letters of a text that have a case, in one width."""
    plain = text if text.isascii() else normalize("NFKC", text)
    return "".join(sign for sign in plain if sign.isupper() or sign.islower())
