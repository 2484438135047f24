"""Piece table: which pieces of answers go with which pieces of questions, learnt from others.

It knows no term that it is asked about. What it gets right is compositional: whoever has read that
眼瞼 is an eyelid and 炎 an inflammation picks 眼瞼炎 for "inflammation of the eyelids".
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from math import log2, sqrt

import numpy as np
from numpy.typing import NDArray

from lexgraft.records import digest
from lexgraft.terms.text.normalize import comparison_key
from lexgraft.terms.text.scripts import UNSPACED

_WORD = re.compile(r"[^\W_]+")
_NAME_WORDS = 5  # a text of more words is a sentence: its words count, not their letters
_STEM = 5  # letters of a word's start
_GRAMS = (3, 4, 5)  # letters of a piece of a word
_GRAMS_UNSPACED = (1, 2)  # the same of kanji and kana
_LEARNT = 4000  # concepts at most, so that a large term base costs no more
_NEIGHBOURS = 200  # questions that are most like the one asked
_UNIT = 1 << 12  # length of a vector; whole numbers add up alike on every machine


def pieces_of(text: str) -> frozenset[str]:
    """Return a text's pieces: stems of its words, letters in a row of a name, kanji and kana.

    >>> sorted(pieces_of("眼瞼炎"))
    ['炎', '眼', '眼瞼', '瞼', '瞼炎']
    """
    folded = comparison_key(text)
    words = _WORD.findall(UNSPACED.sub(" ", folded))
    pieces = {f"{word[:_STEM]}…" for word in words}
    if len(words) <= _NAME_WORDS:
        pieces.update(gram for word in words for gram in _grams(f"^{word}$", _GRAMS))
    pieces.update(gram for run in UNSPACED.findall(folded) for gram in _grams(run, _GRAMS_UNSPACED))
    return frozenset(pieces)


def _grams(text: str, sizes: Sequence[int]) -> list[str]:
    return [text[at : at + size] for size in sizes for at in range(len(text) - size + 1)]


class PieceTable:
    """A table of pieces of questions × pieces of answers, from which any concept can be left out.

    Both sides of a concept are vectors of its pieces, weighted by how few concepts have them
    (log₂ N / n) and all of one length. The table is the sum of their outer products, and an
    option's score what it gives for the question's vector and the option's: Σ over concepts of
    (likeness of the questions) · (likeness of the answers), over the questions that are most
    alike. A concept is left out exactly by leaving it out of that sum: nothing is learnt again.
    """

    def __init__(self, texts: Mapping[str, tuple[str, str]], first: Collection[str] = ()) -> None:
        """Learn from concept id → (question, answer); those in `first` before any others."""
        ordered = sorted(texts, key=lambda one: (one not in first, digest("piece table", one)))
        chosen = sorted(ordered[:_LEARNT])
        self._places = {concept: place for place, concept in enumerate(chosen)}
        self._owners: dict[str, list[int]] = {}
        for place, concept in enumerate(chosen):
            self._owners.setdefault(comparison_key(texts[concept][1]), []).append(place)
        self._questions = PieceVectors([texts[concept][0] for concept in chosen])
        self._answers = PieceVectors([texts[concept][1] for concept in chosen])

    def scores(
        self, question: str, options: Sequence[str], asked: str, *, leave_options: bool = True
    ) -> list[int]:
        """Return how well each option fits a question; 0 for all where no other concept tells.

        Left out are the concept `asked` and, where options are names of concepts (`leave_options`),
        every concept that has one of them as its answer.
        """
        likeness = self._likeness(question, asked)
        if leave_options:
            for option in options:
                likeness[self._owned(option)] = 0
        wanted = self._answers.weighted_sum(*_nearest(likeness))
        return [self._answers.product(option, wanted) for option in options]

    def candidate_scores(self, question: str, asked: str, answers: Sequence[str]) -> list[int]:
        """Return the scores of many answers, each with `asked` and its own concepts left out."""
        places, weights = _nearest(self._likeness(question, asked))
        wanted = self._answers.weighted_sum(places, weights)
        by_place = dict(zip(places.tolist(), weights.tolist(), strict=True))
        scores: list[int] = []
        for answer in answers:
            own = sum(by_place.get(place, 0) for place in self._owned(answer))
            itself = self._answers.norm(answer) if own else 0
            scores.append(self._answers.product(answer, wanted) - own * itself)
        return scores

    def _likeness(self, question: str, asked: str) -> NDArray[np.int64]:
        likeness = self._questions.likeness(question)
        if asked in self._places:
            likeness[self._places[asked]] = 0
        return likeness

    def _owned(self, answer: str) -> list[int]:
        return self._owners.get(comparison_key(answer), [])


class PieceVectors:
    """Texts as vectors of their pieces, in whole numbers."""

    def __init__(self, texts: Sequence[str]) -> None:
        pieces = [sorted(pieces_of(text)) for text in texts]
        counts = Counter(piece for row in pieces for piece in row)
        self._numbers = {piece: number for number, piece in enumerate(sorted(counts))}
        self._rarity = [log2(len(texts) / counts[piece]) for piece in self._numbers]
        self._cached: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}
        self._rows = [self.vector(text) for text in texts]
        self._postings = self._inverted()

    def vector(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return a text's pieces by number and their weights; pieces never met have none."""
        if text not in self._cached:
            known = [self._numbers[p] for p in sorted(pieces_of(text)) if p in self._numbers]
            length = sqrt(sum(self._rarity[number] ** 2 for number in known)) or 1.0
            weights = [round(_UNIT * self._rarity[number] / length) for number in known]
            self._cached[text] = (np.array(known, np.int64), np.array(weights, np.int64))
        return self._cached[text]

    def likeness(self, text: str) -> NDArray[np.int64]:
        """Return how like each of the texts is to this one."""
        total = np.zeros(len(self._rows), dtype=np.int64)
        for number, weight in zip(*self.vector(text), strict=True):
            places, weights = self._postings[number]
            total[places] += weight * weights
        return total // _UNIT

    def weighted_sum(
        self, places: NDArray[np.int64], factors: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return the sum of some texts' vectors, each times its factor."""
        total = np.zeros(len(self._numbers), dtype=np.int64)
        for place, factor in zip(places.tolist(), factors.tolist(), strict=True):
            numbers, weights = self._rows[place]
            total[numbers] += factor * weights
        return total

    def product(self, text: str, other: NDArray[np.int64]) -> int:
        """Return the product of a text's vector with another over all pieces."""
        numbers, weights = self.vector(text)
        return int(weights @ other[numbers])

    def norm(self, text: str) -> int:
        """Return the product of a text's vector with itself."""
        weights = self.vector(text)[1]
        return int(weights @ weights)

    def _inverted(self) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Return, per piece, the texts that have it and its weights there."""
        numbers = np.concatenate([row[0] for row in self._rows] or [np.zeros(0, np.int64)])
        weights = np.concatenate([row[1] for row in self._rows] or [np.zeros(0, np.int64)])
        sizes = [len(row[0]) for row in self._rows]
        places = np.repeat(np.arange(len(self._rows)), sizes)
        order = np.argsort(numbers, kind="stable")
        ends = np.searchsorted(numbers[order], np.arange(1, len(self._numbers) + 1))[:-1]
        return list(zip(np.split(places[order], ends), np.split(weights[order], ends), strict=True))


def _nearest(likeness: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the places of the texts that are most alike, and how much; of equals the first."""
    order = np.argsort(-likeness, kind="stable")[:_NEIGHBOURS]
    order = order[likeness[order] > 0]
    return order, likeness[order]
