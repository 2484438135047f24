"""How files name a term's status and part of speech; the order of a concept's terms."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import get_args
from unicodedata import normalize

from msgspec.structs import replace

from lexgraft.errors import LexgraftError, nearest
from lexgraft.records import PartOfSpeech, Term, TermStatus
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.text.language_data import folded

PENDING: TermStatus = "pending"
_FURTHER = frozenset({"admitted", "forbidden"})
_RINGS = frozenset("o○〇◯")
_WAITS = "\0"  # leads a first term of which only further terms have come
_ENDINGS = ("-admn-sts", " term")
_STOPS = " !！.。:：…"  # what may follow the word
_PART: dict[str, PartOfSpeech] = {
    "": "unknown",
    **dict.fromkeys(("noun", "n", "proper noun", "propernoun", "名詞", "固有名詞"), "noun"),
    **dict.fromkeys(("noun phrase", "サ変名詞", "名詞句", "substantiv", "nom"), "noun"),
    **dict.fromkeys(("adjective", "adj", "形容詞", "形容動詞", "adjektiv"), "adjective"),
    "unknown": "unknown",
}
_UNSPACED = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")  # Thai, Lao, kana, Han
_PHRASE, _SHORT_PHRASE = 5, 4  # letters of words found within a remark; the latter beyond ASCII
_RANK: dict[TermStatus, int] = {"preferred": 0, "admitted": 1, "pending": 2, "forbidden": 3}


def status_of(text: str, named: Mapping[str, str] | None = None) -> TermStatus | None:
    """Return the status a cell or data category names; an empty one is preferred.

    Args:
        text: the cell.
        named: what the user says of some statuses, in the names of files.

    Returns:
        The status; None where the text names none that is known.
    """
    name = folded(text)
    if not name:
        return "preferred"
    for written, meaning in (named or {}).items():
        if folded(written) == name:
            return _given(written, meaning)
    short = bare = name.rstrip(_STOPS)
    for ending in _ENDINGS:
        short = short.removesuffix(ending)
    return _statuses().get(name) or _statuses().get(bare) or _statuses().get(short)


def says_forbidden(text: str) -> bool:
    """Tell a remark that begins or ends with words for what must not be used."""
    said = folded(text).rstrip(_STOPS)
    begins, ends = _at_its_edges()
    return bool(begins.match(said) or ends.search(said))


def named_status(text: str, line: int, named: Mapping[str, str], tally: ImportLog) -> TermStatus:
    """Return the status a text names; one that is not known is counted, and pending."""
    status = status_of(text, named)
    if status is None:
        written = text[:40]
        tally.warn(line, f"the status `{written}` is not known: pending (--status '{written}=…')")
    return status or PENDING


def given_statuses(named: Mapping[str, str]) -> None:
    """Check what the user says of statuses.

    Raises:
        LexgraftError: a status that is not known.
    """
    for written, meaning in named.items():
        _given(written, meaning)


def is_flag(text: str) -> bool:
    """Tell a cell that says yes or no."""
    return flag_of(text) is not None


def flag_of(text: str) -> bool | None:
    """Return what a cell like `yes`, `○`, `×` or `False` says; an empty one says no."""
    word = folded(text)
    if not word or word in _flags()["no"]:
        return False
    return True if word in _flags()["yes"] else None


def is_cross(text: str) -> bool:
    """Tell an x, which says yes alone in a column, and no beside an o."""
    return folded(text) == "x"


def is_ring(text: str) -> bool:
    """Tell an o or a sign like it."""
    return folded(text) in _RINGS


def part_of(text: str) -> PartOfSpeech:
    """Return the part of speech a cell or data category names."""
    return _PART.get(normalize("NFKC", text).casefold().strip(), "other")


def ranked_terms(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Return the terms by language: in each one preferred term, the first, and no text twice.

    Languages stand in the order of their first terms. A text that is both asked for and forbidden
    stays twice: `lexgraft terms lint` says so. One that is pending in one place and not in another
    is not pending.
    """
    languages: dict[str, dict[tuple[str, bool], Term]] = {}
    for term in terms:
        by_text = languages.setdefault(term.language, {})
        key = (term.text, term.status == "forbidden")
        if by_text.setdefault(key, term).status == PENDING:
            by_text[key] = term
    return tuple(term for by_text in languages.values() for term in _ranked(list(by_text.values())))


def _ranked(terms: list[Term]) -> list[Term]:
    """Return the terms of one language in order, the first usable one preferred."""
    if len(terms) > 1:
        terms.sort(key=lambda term: _RANK[term.status])
    for index, term in enumerate(terms):
        if term.is_usable:
            status = "admitted" if index else "preferred"
            if term.status != status:
                terms[index] = replace(term, status=status)
    return terms


def concept_id_of(terms: Sequence[Term], named: dict[str, str], new_id: str) -> str:
    """Return the id of the concept that a row without an id belongs to, and note it in `named`.

    A row that only admits or forbids another term of a first term belongs to it, whichever stands
    first; two approved rows with one first term are two meanings.
    """
    first = terms[0].text
    further = len(terms) > 1 and all(term.status in _FURTHER for term in terms[1:])
    if first in named and (further or named.get(_WAITS + first) == named[first]):
        if not further:
            del named[_WAITS + first]
        return named[first]
    if further and first not in named:
        named[_WAITS + first] = new_id
    return named.setdefault(first, new_id) if first not in named else new_id


def _given(written: str, meaning: str) -> TermStatus:
    status = _statuses().get(folded(meaning))
    if status is None:
        raise LexgraftError(
            f"unknown status `{meaning}` for `{written}`",
            where="status",
            cure=nearest(folded(meaning), get_args(TermStatus)),
        )
    return status


@cache
def _statuses() -> dict[str, TermStatus]:
    """Return the status of every name that is known."""
    return {folded(name): status for status in get_args(TermStatus) for name in _data()[status]}


@cache
def _at_its_edges() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what finds words for forbidden at the beginning and at the end of a text."""
    words = [word for word, status in _statuses().items() if status == "forbidden"]
    phrases = sorted(filter(_is_phrase, words), key=len, reverse=True)
    first = "|".join(
        re.escape(word) + ("" if _UNSPACED.search(word) else r"(?!\w)") for word in phrases
    )
    last = "|".join(
        ("" if _UNSPACED.search(word) else r"(?<!\w)") + re.escape(word) for word in phrases
    )
    return re.compile(first), re.compile(f"(?:{last})$")


def _is_phrase(word: str) -> bool:
    """Tell words that are long enough to stand in a sentence for themselves."""
    return len(word) >= _PHRASE or (not word.isascii() and len(word) >= _SHORT_PHRASE)


@cache
def _flags() -> dict[str, frozenset[str]]:
    return {name: frozenset(map(folded, _data()[name])) for name in ("yes", "no")}


@cache
def _data() -> dict[str, list[str]]:
    text = files("lexgraft.terms.readers").joinpath("statuses.json").read_text(encoding="utf-8")
    data: dict[str, list[str]] = json.loads(text)
    return data
