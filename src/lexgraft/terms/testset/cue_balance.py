"""Wrong options among which an answer stands, by every cue, at a place that chance draws.

Wrong options that are nearest to the answer put it in their middle, where the mean length tells
it; wrong options by chance leave it on top, where its pieces tell it. Here chance says first, for
every cue and every draw, how many wrong options shall lie above the answer (0 to all of them, each
equally often); then those are taken that come closest to all of that at once. A rule that looks at
one cue then finds the answer as often as another option, as far as the term base has such options.
"""

from collections.abc import Mapping, Sequence
from math import floor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lexgraft.records import digest
from lexgraft.terms.testset.baseline_rules import (
    BRACKETS,
    CAPITALS,
    INITIALS,
    PIECES,
    SHARED,
    SHARED_KANJI,
    SHORT_WORDS,
    SOUND,
    by_brackets,
    by_capitals,
    by_initials,
    by_shared_kanji,
    by_shared_text,
    by_short_words,
    by_sound,
)
from lexgraft.terms.testset.form_profile import FormProfile
from lexgraft.terms.testset.piece_table import PieceTable

_LENGTH, _FREQUENCY, _RARENESS = "length", "frequency", "rareness of pieces"
_WEIGHTS = {
    PIECES: 8,
    SOUND: 6,
    SHARED: 4,
    _LENGTH: 4,
    _RARENESS: 6,
    SHARED_KANJI: 2,
    SHORT_WORDS: 2,
    INITIALS: 2,
    CAPITALS: 1,
    BRACKETS: 1,
    _FREQUENCY: 1,
}  # how much a cue counts where not all can be met
_MIDDLE = 12  # how much the rule counts that takes what is nearest to the mean length
_MIDDLE_SHARE = 3  # in one of so many draws the answer may be: elsewhere it cannot always be
_WORN = 2  # how much each use counts that an option has more than the answer; fewer count 1
_UNEVEN = 16  # how much uneven use counts at most


class Cues(NamedTuple):
    """One row per candidate, a column per cue, beside the answer's own row."""

    names: tuple[str, ...]
    candidates: NDArray[np.int64]
    answer: NDArray[np.int64]
    uses: NDArray[np.int64]  # of the answer, then of the candidates: how often each is an option
    lengths: NDArray[np.int64]  # likewise


def balanced(cues: Cues, count: int, draws: int, key: object) -> list[list[int]]:
    """Return, per draw, which candidates stand beside the answer; fewer where there are too few.

    Of equals the first is taken: their order is by chance. None is taken twice, unless there are
    too few for all draws. Options that are about as often options as the answer come first: the
    answer is one in every draw, and would be told by that.
    """
    side = np.sign(cues.candidates - cues.answer)
    weights = np.array([_WEIGHTS[name] for name in cues.names])
    more = cues.uses[1:] - cues.uses[0]
    uneven = np.minimum(np.maximum(_WORN * more, -more), _UNEVEN)
    free = np.ones(len(side), dtype=bool)
    chosen: list[list[int]] = []
    for draw in range(draws):
        middle = int(digest("middle", key, draw), 16) % _MIDDLE_SHARE == 0
        places: list[int] = []
        for slot in _wanted(cues.names, count, (key, draw)):
            if not free.any():
                free[:] = True
                free[places] = False
            if not free.any():
                break
            cost = (side * slot < 0) @ weights + uneven
            if len(places) == count - 1:
                cost = cost + _MIDDLE * (_is_middle(cues.lengths, places) != middle)
            cost[~free] = np.iinfo(np.int64).max
            places.append(int(np.argmin(cost)))
            free[places[-1]] = False
        chosen.append(places)
    return chosen


def _is_middle(lengths: NDArray[np.int64], places: Sequence[int]) -> NDArray[np.bool_]:
    """Return, per last wrong option, whether the answer is then nearest to the mean length."""
    answer, last = lengths[0], lengths[1:]
    others = lengths[1:][list(places)]
    size = len(places) + 2
    total = answer + others.sum() + last
    own = np.abs(size * answer - total)
    nearest = np.abs(size * last - total)
    for other in others:
        nearest = np.minimum(nearest, np.abs(size * other - total))
    return own <= nearest


def _wanted(names: Sequence[str], count: int, key: object) -> NDArray[np.int64]:
    """Return, per wrong option and cue, whether it shall lie above (1) or below (−1) the answer."""
    wanted = np.empty((count, len(names)), dtype=np.int64)
    for column, name in enumerate(names):
        chance = int(digest("cue", name, key), 16)
        chance, above = divmod(chance, count + 1)
        shift = chance % count
        wanted[:, column] = [1 if (slot + shift) % count < above else -1 for slot in range(count)]
    return wanted


def cues_of(
    target: FormProfile,
    candidates: Sequence[FormProfile],
    pieces: PieceTable,
    uses: Mapping[str, int],
) -> Cues:
    """Return every cue of an answer and of the candidates for its wrong options.

    `uses` says how often an answer is an option, as far as that is known.
    """
    views = [target, *candidates]
    answers = [view.answer for view in views]
    columns: dict[str, Sequence[float]] = {
        PIECES: pieces.candidate_scores(target.question, target.concept.id, answers),
        _RARENESS: pieces.rareness(answers),
        _LENGTH: [view.length for view in views],
        _FREQUENCY: _frequencies(target, candidates),
    }
    for name, guess in (
        (SHARED, by_shared_text),
        (SHORT_WORDS, by_short_words),
        (SHARED_KANJI, by_shared_kanji),
        (CAPITALS, by_capitals),
        (BRACKETS, by_brackets),
        (INITIALS, by_initials),
    ):
        columns[name] = guess(target.question, answers)
    if target.form.question != target.form.answer:
        likeness = by_sound(target.question, answers)
        columns[SOUND] = [round(10 * score) for score in likeness]  # in tenths: finer is noise
    rows = np.array(list(columns.values()), dtype=np.int64).T
    lengths = np.array([view.length for view in views], dtype=np.int64)
    used = np.array([uses.get(answer, 0) for answer in answers], dtype=np.int64)
    return Cues(tuple(columns), rows[1:], rows[0], used, lengths)


def _frequencies(target: FormProfile, candidates: Sequence[FormProfile]) -> list[int]:
    """Return whole Zipf steps; what was not measured is taken to be as frequent as the answer."""
    language = target.form.answer
    own = target.concept.rarity.get(language)
    if own is None:
        return [0] * (1 + len(candidates))
    return [floor(one.concept.rarity.get(language, own)) for one in (target, *candidates)]
