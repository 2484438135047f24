"""A dictionary of terms by spelling key: the leftmost longest of them in a text."""

from collections.abc import Iterable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar

from msgspec import Struct

from lexgraft.terms.glossary.term_filter import TermFilter
from lexgraft.terms.text.further_spellings import further_spellings, has_further_spellings
from lexgraft.terms.text.letter_case import CaseRule, case_pattern, has_case
from lexgraft.terms.text.normalize import Folded, folded_text
from lexgraft.terms.text.spelling_fold import fold_spelling, spelling_key
from lexgraft.terms.text.word_forms import base_forms, inflections
from lexgraft.terms.text.written_alike import may_end_there, written_alike

Value = TypeVar("Value")


class Match(Struct, Generic[Value], frozen=True, gc=False):  # nothing in it leads back to it
    """A span of the original text, and the values of the terms found there."""

    start: int
    end: int
    values: tuple[Value, ...]


class _SharedValues(tuple[Any, ...]):
    """The values of terms that are written as their key, and alike."""

    __slots__ = ()


class _Spelling(NamedTuple):
    """A term that is not written as its key, or of which more must be looked at."""

    written: str  # folded
    case: str  # see `letter_case`
    is_listed: bool  # not made by `further_spellings`
    value: Any


class _Spellings(tuple[_Spelling, ...]):
    """All terms of one key, where one of them is not written so."""

    __slots__ = ()


class _Place(NamedTuple):
    """A place in a folded text, the key of which is known."""

    written: str
    original: str
    before: str
    after: str

    def is_written(self, term: str) -> bool:
        """Tell whether just this term stands there, or its English plural or possessive."""
        return term == self.written or (
            self.written[-1:] == "s" and self.written in inflections(term)
        )

    def is_alike(self, term: str) -> bool:
        """Tell whether the term stands there in another spelling."""
        return written_alike(term, self.written, self.original, self.before, self.after)


_NOTHING = _SharedValues()


class TermIndex(Generic[Value]):
    """A dictionary from terms to values; other spellings, English plurals, possessives lead there.

    Where several terms share a key, those that are written as the text is go before the others,
    and listed terms before spellings that were made of them.
    """

    def __init__(
        self,
        terms: Iterable[tuple[str, Value]],
        *,
        compiled: bool = False,
        case: CaseRule = "auto",
    ) -> None:
        # Apart, so that the garbage collector need not look through a dictionary of plain values.
        self._values: dict[str, Any] = {}
        self._spellings: dict[str, _Spellings] = {}
        for term, value in terms:
            plain = folded_text(term)
            key = spelling_key(plain)
            pattern = "" if term is plain and case != "exact" else case_pattern(term, case)
            self._add(key, value if key is plain and not pattern else _one(plain, pattern, value))
            if has_further_spellings(term):
                for derived_key, spelling in _made_of(term, case, value):
                    self._add(derived_key, spelling)
        self._filter = TermFilter([*self._values, *self._spellings], compiled=compiled)

    def find(self, folded: Folded, text: str) -> list[Match[Value]]:
        """Return the leftmost longest terms with their places in the text that was folded."""
        spelled = fold_spelling(folded.text)
        keys, plain, done = spelled.text, folded.text, 0
        is_bent, may_be_half = not spelled.is_straight, not folded.is_straight
        is_key = keys == plain
        look_up = self._values.get
        matches: list[Match[Value]] = []
        for first, last in self._filter.spans(keys):
            if first < done:
                continue
            key = keys[first:last]
            entry = look_up(key, _NOTHING)
            if entry is _NOTHING and (entry := self._entry(key)) is _NOTHING:
                continue
            start, end = spelled.span(first, last) if is_bent else (first, last)
            if may_be_half and not folded.is_whole(start, end):
                continue
            if isinstance(entry, _Spellings) or not (is_key or plain[start:end] == key):
                entry = _written_there(entry, key, _place(folded, start, end, text))
            if meant := entry if isinstance(entry, _SharedValues) else (entry,):
                if may_be_half:
                    start, end = folded.span(start, end)
                matches.append(Match(start, end, meant))
                done = last
        return matches

    def _entry(self, key: str) -> Any:
        """Return what is known of a key that is no plain term, or of those it is a form of."""
        entry = self._spellings.get(key, _NOTHING)
        return self._of_stems(key) if entry is _NOTHING and key[-1] == "s" else entry

    def _known(self, key: str) -> Any:
        entry = self._values.get(key, _NOTHING)
        return self._spellings.get(key, _NOTHING) if entry is _NOTHING else entry

    def _add(self, key: str, entry: Any) -> None:
        """Enter a value, or a spelling, under its key."""
        if not key:
            return
        if (before := self._known(key)) is not _NOTHING:
            entry = _merged(before, entry, key)
        if isinstance(entry, _Spellings):
            self._values.pop(key, None)
            self._spellings[key] = entry
        else:
            self._values[key] = entry

    def _of_stems(self, form: str) -> Any:
        """Return the entry of the terms of which a key is an English form."""
        stems = ((stem, self._known(stem)) for stem in base_forms(form))
        entries = [(stem, entry) for stem, entry in stems if entry is not _NOTHING]
        if len(entries) == 1:
            return entries[0][1]
        spellings = (form for stem, entry in entries for form in _spellings_of(entry, stem))
        return _Spellings(spellings) or _NOTHING


def _place(folded: Folded, start: int, end: int, text: str) -> _Place:
    """Return a place of a folded text with what stands around it."""
    first, last = folded.span(start, end)
    before = folded.text[start - 1 : start] if start else ""
    return _Place(folded.text[start:end], text[first:last], before, folded.text[end : end + 1])


def _one(plain: str, pattern: str, value: Any) -> _Spellings:
    return _Spellings((_Spelling(plain, pattern, is_listed=True, value=value),))


def _made_of(term: str, case: CaseRule, value: Any) -> Iterator[tuple[str, _Spellings]]:
    """Yield the keys and entries of further spellings."""
    for spelling in further_spellings(term):
        plain = folded_text(spelling)
        derived = _Spelling(plain, case_pattern(spelling, case), is_listed=False, value=value)
        yield spelling_key(plain), _Spellings((derived,))


def _merged(before: Any, after: Any, key: str) -> Any:
    """Return the entry of one key for the terms of two."""
    if isinstance(before, _Spellings) or isinstance(after, _Spellings):
        return _Spellings((*_spellings_of(before, key), *_spellings_of(after, key)))
    return _SharedValues((*_values_of(before), *_values_of(after)))


def _spellings_of(entry: Any, key: str) -> tuple[_Spelling, ...]:
    """Return an entry as spellings."""
    if isinstance(entry, _Spellings):
        return entry
    return tuple(_Spelling(key, "", is_listed=True, value=value) for value in _values_of(entry))


def _written_there(entry: Any, key: str, place: _Place) -> _SharedValues:
    """Return the values of the terms that are meant by what is written at a place."""
    spellings = [
        spelling
        for spelling in _spellings_of(entry, key)
        if (not spelling.case or has_case(place.original, spelling.case))
        and (spelling.is_listed or may_end_there(spelling.written, place.after))
    ]
    written = [spelling for spelling in spellings if place.is_written(spelling.written)]
    if not written:
        written = [spelling for spelling in spellings if place.is_alike(spelling.written)]
    listed = [spelling for spelling in written if spelling.is_listed] or written
    cased = [spelling for spelling in listed if spelling.case] or listed
    return _SharedValues(dict.fromkeys(spelling.value for spelling in cased))


def _values_of(entry: Any) -> tuple[Any, ...]:
    """Return the values of one text."""
    return entry if isinstance(entry, _SharedValues) else (entry,)
