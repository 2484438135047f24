"""Piece table: which pieces of answers go with which pieces of questions, learnt from others.

It knows no term that it is asked about. What it gets right is compositional: whoever has read that
眼瞼 is an eyelid and 炎 an inflammation picks 眼瞼炎 for "inflammation of the eyelids".
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import cache, cached_property
from math import log2, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lexgraft.project import Form
from lexgraft.records import Concept, digest
from lexgraft.terms.testset.question_forms import texts_of
from lexgraft.terms.text.normalize import comparison_key
from lexgraft.terms.text.scripts import UNSPACED

_WORD = re.compile(r"[^\W_]+")
_NAME_WORDS = 5  # a text of more words is a sentence: its words count, not their letters
_STEM = 5  # letters of a word's start
_GRAMS = (3, 4, 5)  # letters of a piece of a word
_GRAMS_UNSPACED = (1, 2)  # the same of kanji and kana
_LEARNT = 3000  # concepts at most, so that a large term base costs no more
_NEIGHBOURS = 200  # questions that are most like the one asked
_NONE: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
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


_key = cache(comparison_key)
_Told = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


class PieceTable:
    """A table of pieces of questions × pieces of answers, from which any concept can be left out.

    Both sides of a concept are vectors of its pieces, weighted by how few concepts have them
    (log₂ N / n) and all of one length. The table is the sum of their outer products, and an
    option's score what it gives for the question's vector and the option's: Σ over concepts of
    (likeness of the questions) · (likeness of the answers), over the questions that are most
    alike. A concept is left out exactly by leaving it out of that sum: nothing is learnt again.
    """

    def __init__(self, texts: Mapping[str, tuple[str, str]]) -> None:
        """Learn from concept id → (question, answer)."""
        chosen = sorted(texts)
        self._places = {concept: place for place, concept in enumerate(chosen)}
        self._owners: dict[str, list[int]] = {}
        for place, concept in enumerate(chosen):
            self._owners.setdefault(_key(texts[concept][1]), []).append(place)
        self._questions = PieceVectors([texts[concept][0] for concept in chosen])
        self._answers = PieceVectors([texts[concept][1] for concept in chosen])
        self._last: tuple[tuple[str, str], _Told] | None = None

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
        places, weights, wanted = self._told(question, asked)
        by_place = dict(zip(places.tolist(), weights.tolist(), strict=True))
        scores: list[int] = []
        for answer in answers:
            own = sum(by_place.get(place, 0) for place in self._owned(answer))
            itself = self._answers.norm(answer) if own else 0
            scores.append(self._answers.product(answer, wanted) - own * itself)
        return scores

    def rareness(self, answers: Sequence[str]) -> list[int]:
        """Return how rare the pieces of each answer are in the mean: thousandths of log₂ N / n."""
        return [self._answers.mean_rarity(answer) for answer in answers]

    def rows_of(self, answers: Sequence[str]) -> "AnswerRows":
        """Return many answers as one block, for `row_scores`."""
        vectors = [self._answers.vector(answer) for answer in answers]
        owned = [self._owned(answer) for answer in answers]
        return AnswerRows(
            numbers=np.concatenate([numbers for numbers, _ in vectors]),
            weights=np.concatenate([weights for _, weights in vectors]),
            starts=np.cumsum([0, *(len(numbers) for numbers, _ in vectors)]),
            owners=np.array([places[0] if places else -1 for places in owned]),
            norms=np.array([self._answers.norm(answer) for answer in answers]),
        )

    def row_scores(self, question: str, asked: str, rows: "AnswerRows") -> NDArray[np.int64]:
        """Return the scores of a block of answers, each with `asked` and its first owner left out.

        The same as `candidate_scores` where no two concepts have one answer; many times faster.
        """
        places, weights, wanted = self._told(question, asked)
        sums = np.concatenate([[0], np.cumsum(wanted[rows.numbers] * rows.weights)])
        likeness = np.zeros(len(self._places) + 1, dtype=np.int64)  # the last: of no concept
        likeness[places] = weights
        return sums[rows.starts[1:]] - sums[rows.starts[:-1]] - likeness[rows.owners] * rows.norms

    def _told(self, question: str, asked: str) -> _Told:
        """Return the nearest questions' places and likeness, and what their answers say together.

        The last one is kept: it is asked for twice in a row.
        """
        if self._last is None or self._last[0] != (question, asked):
            places, weights = _nearest(self._likeness(question, asked))
            wanted = self._answers.weighted_sum(places, weights)
            self._last = ((question, asked), (places, weights, wanted))
        return self._last[1]

    def _likeness(self, question: str, asked: str) -> NDArray[np.int64]:
        likeness = self._questions.likeness(question)
        if asked in self._places:
            likeness[self._places[asked]] = 0
        return likeness

    def _owned(self, answer: str) -> list[int]:
        return self._owners.get(_key(answer), [])


class AnswerRows(NamedTuple):
    """Answers' vectors one after another."""

    numbers: NDArray[np.int64]
    weights: NDArray[np.int64]
    starts: NDArray[np.int64]  # of each answer, and the end
    owners: NDArray[np.int64]  # place of the concept whose answer it is; −1: none
    norms: NDArray[np.int64]


def learn_pieces(
    concepts: Mapping[str, Concept], form: Form, first: Collection[str] = ()
) -> PieceTable:
    """Return the table of one form, learnt from concepts that have its question and answer.

    Of a large term base some thousand are learnt: those in `first`, then others by chance.
    """
    texts: dict[str, tuple[str, str]] = {}
    for identifier in sorted(
        concepts, key=lambda one: (one not in first, digest("piece table", one))
    ):
        question, answer = texts_of(concepts[identifier], form, concepts)
        if question and answer:
            texts[identifier] = question, answer
        if len(texts) == _LEARNT:
            break
    return PieceTable(texts)


class PieceVectors:
    """Texts as vectors of their pieces, in whole numbers."""

    def __init__(self, texts: Sequence[str]) -> None:
        pieces = [sorted(pieces_of(text)) for text in texts]
        counts = Counter(piece for row in pieces for piece in row)
        self._numbers = {piece: number for number, piece in enumerate(sorted(counts))}
        self._rarity = [log2(len(texts) / counts[piece]) for piece in self._numbers]
        self._rows = [self._vector(row) for row in pieces]
        self._cached = dict(zip(texts, self._rows, strict=True))
        self._rareness: dict[str, int] = {}

    def vector(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return a text's pieces by number and their weights; pieces never met have none."""
        if text not in self._cached:
            self._cached[text] = self._vector(sorted(pieces_of(text)))
        return self._cached[text]

    def _vector(self, pieces: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        known = [self._numbers[piece] for piece in pieces if piece in self._numbers]
        length = sqrt(sum(self._rarity[number] ** 2 for number in known)) or 1.0
        weights = [round(_UNIT * self._rarity[number] / length) for number in known]
        return np.array(known, np.int64), np.array(weights, np.int64)

    def likeness(self, text: str) -> NDArray[np.int64]:
        """Return how like each of the texts is to this one."""
        total = np.zeros(len(self._rows), dtype=np.int64)
        places, weights, ends = self._postings
        for number, weight in zip(*self.vector(text), strict=True):
            span = slice(ends[number], ends[number + 1])
            total[places[span]] += weight * weights[span]
        return total // _UNIT

    def weighted_sum(
        self, places: NDArray[np.int64], factors: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return the sum of some texts' vectors, each times its factor."""
        rows = [self._rows[place] for place in places.tolist()]
        numbers = np.concatenate([row[0] for row in rows] or [_NONE])
        weights = np.concatenate([row[1] for row in rows] or [_NONE])
        weights = weights * np.repeat(
            factors, np.array([len(row[0]) for row in rows], dtype=np.int64)
        )
        # Sums of floats are exact here: whole numbers far below 2 to the 53rd.
        total = np.bincount(numbers, weights.astype(np.float64), minlength=len(self._numbers))
        return total.astype(np.int64)

    def product(self, text: str, other: NDArray[np.int64]) -> int:
        """Return the product of a text's vector with another over all pieces."""
        numbers, weights = self.vector(text)
        return int(weights @ other[numbers])

    def mean_rarity(self, text: str) -> int:
        """Return the mean rarity of a text's pieces, in thousandths; 0 without any known."""
        if text not in self._rareness:
            rarities = [self._rarity[number] for number in self.vector(text)[0].tolist()]
            self._rareness[text] = round(1000 * sum(rarities) / max(1, len(rarities)))
        return self._rareness[text]

    def norm(self, text: str) -> int:
        """Return the product of a text's vector with itself."""
        weights = self.vector(text)[1]
        return int(weights @ weights)

    @cached_property
    def _postings(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the texts by piece, their weights there, and where each piece's texts end."""
        numbers = np.concatenate([row[0] for row in self._rows] or [_NONE])
        weights = np.concatenate([row[1] for row in self._rows] or [_NONE])
        places = np.repeat(np.arange(len(self._rows)), [len(row[0]) for row in self._rows])
        order = np.argsort(numbers, kind="stable")
        ends = np.searchsorted(numbers[order], np.arange(len(self._numbers) + 1))
        return places[order], weights[order], ends


def _nearest(likeness: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the places of the texts that are most alike, and how much; of equals the first."""
    order = np.argsort(-likeness, kind="stable")[:_NEIGHBOURS]
    order = order[likeness[order] > 0]
    return order, likeness[order]
