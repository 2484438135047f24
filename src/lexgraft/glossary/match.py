"""Finds glossary terms in a text: longest match, leftmost first, boundaries by script."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from lexgraft.glossary import GlossaryEntry
from lexgraft.glossary.folding import Folded, fold, folded_text, script

Value = TypeVar("Value")
HEAD = 2  # characters by which the terms are found
_PLURAL = re.compile(r"[a-z]{3,}$")


class Match(Struct, Generic[Value], frozen=True):
    """A place of the original text with what stands there."""

    start: int
    end: int
    values: tuple[Value, ...]


class Matcher(Generic[Value]):
    """A dictionary of terms, made once, that finds them in any text."""

    def __init__(self, terms: Iterable[tuple[str, Value]]) -> None:
        exact: defaultdict[str, list[Value]] = defaultdict(list)
        for term, value in terms:
            if key := folded_text(term):
                exact[key].append(value)
        self._values = dict(exact)
        for key, values in exact.items():
            for form in inflections(key):
                if form not in exact:
                    self._values[form] = [*self._values.get(form, ()), *values]
        lengths: defaultdict[str, set[int]] = defaultdict(set)
        for key in self._values:
            lengths[key[:HEAD]].add(len(key))
        self._lengths = {head: sorted(sizes, reverse=True) for head, sizes in lengths.items()}

    def find(self, text: str) -> list[Match[Value]]:
        """Return the matches in the order of the text; none overlaps another."""
        folded = fold(text)
        found: list[Match[Value]] = []
        position = 0
        while position < len(folded.text):
            end = self._longest(folded, position)
            if end:
                values = self._values[folded.text[position:end]]
                found.append(Match(folded.starts[position], folded.ends[end - 1], tuple(values)))
            position = end or position + 1
        return found

    def _longest(self, folded: Folded, start: int) -> int:
        """Return where the longest good match from `start` ends; 0 without one."""
        for length in self._candidates(folded.text, start):
            end = start + length
            if (
                folded.text[start:end] in self._values
                and folded.is_whole(start, end)
                and _bounded(folded.text, start, end)
            ):
                return end
        return 0

    def _candidates(self, text: str, start: int) -> Iterator[int]:
        """Yield the lengths of the terms that begin like the text here, the longest first."""
        room = len(text) - start
        head = text[start : start + HEAD]
        yield from (size for size in self._lengths.get(head, ()) if size <= room)
        if len(head) > 1:
            yield from self._lengths.get(head[:1], ())


def match_entries(text: str, matcher: Matcher[GlossaryEntry]) -> list[GlossaryEntry]:
    """Return the entries whose source stands in the text, in its order, each once."""
    return list(dict.fromkeys(entry for found in matcher.find(text) for entry in found.values))


def entry_matcher(entries: Sequence[GlossaryEntry]) -> Matcher[GlossaryEntry]:
    """Return what finds the entries by their sources."""
    return Matcher((entry.source, entry) for entry in entries)


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


def _bounded(text: str, start: int, end: int) -> bool:
    """Tell that a span does not cut a word: see the scripts' rules.

    Scripts written with spaces need something else on both sides; Han, kana, Thai and their like
    need nothing; Hangul needs it on the left only, because particles follow a word directly.
    """
    before = script(text[start - 1]) if start else ""
    after = script(text[end]) if end < len(text) else ""
    first, last = script(text[start]), script(text[end - 1])
    if first == before and first in {"spaced", "hangul"}:
        return False
    return not (last == after == "spaced")
