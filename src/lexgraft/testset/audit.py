"""Audit: what can be had from the options alone; a test that rewards it measures no knowledge."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import log, sqrt

from lexgraft.errors import UserError
from lexgraft.records import Item, Score, digest
from lexgraft.testset.profile import measure, script

NO_MODEL = "options alone"
CHARACTERS, LENGTH, POSITION = "characters of the options", "length of the options", "gold position"

_NOTE = 0.03  # by how much the interval must clear chance before it is called a cue
_TOO_CLEAR = 0.15  # from which the set is refused
_Z = 1.959964  # 95 %
_ORDER = 3  # longest n-gram

Guess = Callable[[Sequence[str]], Sequence[float]]
"""Scores per option text; the highest is the guess."""


def audit(items: Sequence[Item]) -> list[Score]:
    """Return, per form and script of the answers, how often rules without knowledge are right.

    Two rules are learnt from one half of the concepts and tried on the other, and the reverse:
    a naive Bayes classifier over character n-grams, and a preferred length. Options whose text
    belongs to the learnt half are left out, for else the check itself is fooled; chance is
    therefore the mean of 1 / (options left). The third rule is the commonest place of the right
    option. A concept counts once; intervals are Wilson's (JASA 22, 1927, p. 209).
    """
    scores: list[Score] = []
    for form in sorted({_form(item) for item in items}):
        own = [item for item in items if _form(item) == form]
        for name, learn in ((CHARACTERS, _learn_characters), (LENGTH, _learn_length)):
            scores += _by_script(name, form, _tried(own, learn))
        scores.append(_position(form, own))
    return scores


def cues(scores: Sequence[Score]) -> list[Score]:
    """Return the scores that lie clearly above chance: the reader of a report must see them."""
    return [one for one in scores if one.chance is not None and one.low > one.chance + _NOTE]


def warnings_of(scores: Sequence[Score]) -> list[str]:
    """Return a sentence for each cue in the options.

    Raises:
        UserError: the options alone decide a form.
    """
    lines: list[str] = []
    for one in cues(scores):
        chance = one.chance or 0.0
        what = f"{one.name} alone give {one.value:.2f} [{one.low:.2f}, {one.high:.2f}]"
        if one.low > chance + _TOO_CLEAR and "," not in one.group:
            raise UserError(
                f"{what} in {one.group}, chance {chance:.2f}: the test would measure form",
                where="testset",
                cure="use `distractors: field`, or give the concepts types and more of each script",
            )
        lines.append(f"{what} in {one.group}, chance {chance:.2f} (n = {one.n})")
    return lines


def wilson(right: float, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a proportion, `right` of `n` (may be fractional)."""
    if n == 0:
        return 0.0, 1.0
    share, square = right / n, _Z * _Z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = _Z / (1 + square / n) * sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


Tried = tuple[str, str, float, float]
"""(concept, script of the answer, share right, chance) of one item."""


def _tried(
    items: Sequence[Item], learn: Callable[[Iterable[tuple[str, bool]]], Guess]
) -> list[Tried]:
    """Return how a rule learnt on one half of the concepts does on the other half's items."""
    owner = {item.options[item.gold]: item.concept for item in items}
    half = {concept: int(digest("half", concept), 16) % 2 for concept in owner.values()}
    results: list[Tried] = []
    for learnt in (0, 1):
        seen = [
            (text, place == item.gold)
            for item in items
            if half[item.concept] == learnt
            for place, text in enumerate(item.options)
            if half.get(owner.get(text, ""), learnt) == learnt
        ]
        guess = learn(seen)
        known = {text for text, _ in seen}
        for item in items:
            if half[item.concept] != learnt:
                left = [place for place, text in enumerate(item.options) if text not in known]
                if item.gold in left and len(left) > 1:
                    results.append(_one(item, left, guess))
    return results


def _one(item: Item, left: Sequence[int], guess: Guess) -> Tried:
    """Return one item's result; a tie counts in part."""
    values = guess([item.options[place] for place in left])
    best = [place for place, value in zip(left, values, strict=True) if value == max(values)]
    right = 1 / len(best) if item.gold in best else 0.0
    return item.concept, script(item.options[item.gold]), right, 1 / len(left)


def _learn_characters(seen: Iterable[tuple[str, bool]]) -> Guess:
    """Return a guess by mean log-odds of character n-grams, right against wrong options."""
    counts = {True: Counter[str](), False: Counter[str]()}
    for text, right in seen:
        counts[right].update(_grams(text))
    vocabulary = len(counts[True] | counts[False]) + 1
    total = {right: sum(counts[right].values()) + vocabulary for right in counts}

    def odds(gram: str) -> float:
        right = (counts[True][gram] + 1) / total[True]
        return log(right * total[False] / (counts[False][gram] + 1))

    return lambda texts: [_mean([odds(gram) for gram in _grams(text)]) for text in texts]


def _learn_length(seen: Iterable[tuple[str, bool]]) -> Guess:
    """Return a guess by length: the longest, the shortest or the middle, what fits best."""
    pairs = [(measure(text.strip()), right) for text, right in seen]
    means = {
        right: _mean([size for size, which in pairs if which == right]) for right in (True, False)
    }
    spread = {
        right: _mean([abs(size - means[right]) for size, which in pairs if which == right])
        for right in (True, False)
    }
    if spread[True] < 0.8 * spread[False]:
        return lambda texts: [-abs(measure(text.strip()) - means[True]) for text in texts]
    sign = 1 if means[True] >= means[False] else -1
    return lambda texts: [float(sign * measure(text.strip())) for text in texts]


def _grams(text: str) -> list[str]:
    padded = f"^{text.strip().casefold()}$"
    return [
        padded[at : at + size]
        for size in range(1, _ORDER + 1)
        for at in range(len(padded) - size + 1)
    ]


def _by_script(name: str, form: str, tried: Sequence[Tried]) -> list[Score]:
    """Return the score of all answers, and of each script where there are several."""
    scripts = sorted({one[1] for one in tried})
    groups = {form: list(tried)}
    if len(scripts) > 1:
        groups |= {f"{form}, {own}": [one for one in tried if one[1] == own] for own in scripts}
    return [_score(name, group, results) for group, results in groups.items()]


def _score(name: str, group: str, tried: Sequence[Tried]) -> Score:
    """Return a score by concept: several draws of one concept are one observation."""
    right = _by_concept((concept, share) for concept, _, share, _ in tried)
    chance = _by_concept((concept, share) for concept, _, _, share in tried)
    n = len(right)
    low, high = wilson(sum(right.values()), n)
    value = _mean(list(right.values()))
    return Score(name, NO_MODEL, group, value, low, high, n, _mean(list(chance.values())))


def _position(form: str, items: Sequence[Item]) -> Score:
    """Return how often the right option stands in its commonest place."""
    places = Counter(item.gold for item in items)
    most, n = max(places.values()), len(items)
    low, high = wilson(most, n)
    return Score(POSITION, NO_MODEL, form, most / n, low, high, n, 1 / len(items[0].options))


def _by_concept(pairs: Iterable[tuple[str, float]]) -> Mapping[str, float]:
    values: dict[str, list[float]] = {}
    for concept, value in pairs:
        values.setdefault(concept, []).append(value)
    return {concept: _mean(own) for concept, own in values.items()}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _form(item: Item) -> str:
    return f"{item.kind} {item.pair}"
