"""A dictionary of folded terms: the leftmost longest of them in a text."""

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from lexgraft.terms.glossary.term_filter import TermFilter
from lexgraft.terms.text.normalize import Folded, folded_text
from lexgraft.terms.text.word_forms import base_forms

Value = TypeVar("Value")


class _SharedValues(tuple[Any, ...]):
    """The values of terms that fold to the same text."""

    __slots__ = ()


_NOTHING = _SharedValues()


class TermIndex(Generic[Value]):
    """A dictionary from folded terms to values; English plurals and possessives are found too."""

    def __init__(self, terms: Iterable[tuple[str, Value]], *, compiled: bool = False) -> None:
        values: dict[str, Value | _SharedValues] = {}
        for term, value in terms:
            if key := folded_text(term):
                values[key] = _with_value(values[key], value) if key in values else value
        self._values = values
        self._filter = TermFilter(values, compiled=compiled)

    def find(self, folded: Folded) -> list[tuple[int, int, tuple[Value, ...]]]:
        """Return the leftmost longest terms with their places in the folded text."""
        text, values, straight, done = folded.text, self._values, folded.is_straight, 0
        matches: list[tuple[int, int, tuple[Value, ...]]] = []
        for start, end in self._filter.spans(text):
            if start < done:
                continue
            span = text[start:end]
            entry = values.get(span, _NOTHING)
            if entry is _NOTHING and span[-1] == "s":
                entry = self._of_stems(span)
            if entry is not _NOTHING and (straight or folded.is_whole(start, end)):
                matches.append((start, end, _values_of(entry)))
                done = end
        return matches

    def _of_stems(self, form: str) -> _SharedValues:
        """Return the values of the terms of which a folded text is an English form."""
        groups = [self._values[stem] for stem in base_forms(form) if stem in self._values]
        values = _SharedValues(value for group in groups for value in _values_of(group))
        return values or _NOTHING


def _with_value(before: Any, value: Any) -> _SharedValues:
    """Return the values of one text with one more."""
    return _SharedValues((*before, value) if isinstance(before, _SharedValues) else (before, value))


def _values_of(value: Any) -> tuple[Any, ...]:
    """Return the values of one text."""
    return value if isinstance(value, _SharedValues) else (value,)
