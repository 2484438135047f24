"""Audit: what can be had from the options alone; a test that rewards it measures no knowledge."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Item, Score
from lexgraft.stats.intervals import wilson
from lexgraft.terms.testset.baseline_rules import (
    BRACKETS,
    CAPITALS,
    CHARACTERS,
    FREQUENT,
    INITIALS,
    LENGTH,
    MIDDLE,
    PIECES,
    POSITION,
    SHARED,
    SHARED_KANJI,
    SHORT_WORDS,
    SOUND,
    mean,
)
from lexgraft.terms.testset.rule_results import (
    PieceScores,
    RuleResult,
    by_form,
    results_by_rule,
)

NO_MODEL = "options alone"
KATAKANA = "katakana"  # loanwords: their sound gives them away whatever the other options are
NEEDS_TERM = "needs the term"  # items that pieces of words and sound do not decide

_MARGINS = {
    CHARACTERS: 0.03,
    LENGTH: 0.03,
    MIDDLE: 0.03,
    FREQUENT: 0.15,
    POSITION: 0.03,
    SOUND: 0.03,
    # Words explained and words that explain them share letters: such items are marked, not refused.
    SHARED: 0.15,
    SHORT_WORDS: 0.15,
    SHARED_KANJI: 0.15,
    CAPITALS: 0.15,
    BRACKETS: 0.15,
    INITIALS: 0.15,
    PIECES: 1.0,
}  # by how much a rule's interval may lie above chance before the set is refused
_BY_WRITING = frozenset({CHARACTERS, LENGTH, SHARED, SOUND})  # shown per script of the answers too
_FEW = 20  # concepts; a smaller group is not reported apart

Facts = Mapping[str, Mapping[str, str]]
"""Concept id → name of a fact (`frequency`, `part of speech`, `tokens`) → its class."""


def audit(
    items: Sequence[Item],
    concepts: Mapping[str, Concept] | None = None,
    pieces: PieceScores = MappingProxyType({}),
) -> list[Score]:
    """Return, per form and script of the answers, how often rules without knowledge are right.

    Two rules are learnt from one half of the concepts and tried on the other, and the reverse:
    a naive Bayes classifier over character n-grams, and a preferred length. Options whose text
    belongs to the learnt half are left out, for else the check itself is fooled; chance is
    therefore the mean of 1 / (options left). Others look at lengths, at how often a text is an
    option, or at what question and option have in common: letters, short words, kanji, initials,
    capitals, brackets, (between languages) sound; by sound, items about katakana words are counted
    apart. `pieces` are the piece table's scores. The last is the commonest place of the right
    option. Items that need their term are a group of their own in every rule. A concept counts
    once; intervals are Wilson's (JASA 22, 1927, p. 209).
    """
    scores: list[Score] = []
    for form, form_items in by_form(items).items():
        for name, tried in results_by_rule(form_items, concepts or {}, pieces):
            scores += _by_writing(name, form, tried)
        scores.append(_position(form, form_items))
    return scores


def breakdown(items: Sequence[Item], concepts: Mapping[str, Concept], facts: Facts) -> list[Score]:
    """Return the same figures per class of each fact, for classes of 20 concepts and more."""
    scores: list[Score] = []
    for form, form_items in by_form(items).items():
        for name, tried in results_by_rule(form_items, concepts, {}):
            classes: dict[str, list[RuleResult]] = {}
            for result in tried:
                for fact, value in sorted(facts.get(result.concept, {}).items()):
                    classes.setdefault(f"{form}, {fact} {value}", []).append(result)
            grouped = [_score(name, group, classes[group]) for group in sorted(classes)]
            scores += [score for score in grouped if score.n >= _FEW]
    return scores


def cues(scores: Sequence[Score]) -> list[Score]:
    """Return the scores whose interval lies above chance: the reader of a report must see them."""
    return [score for score in scores if score.chance is not None and score.low > score.chance]


def failed(scores: Sequence[Score]) -> list[Score]:
    """Return the cues that refuse a set: clear ones, over a whole form."""
    return [
        cue
        for cue in cues(scores)
        if "," not in cue.group and cue.low > (cue.chance or 0) + margin_of(cue.name)
    ]


def margin_of(rule: str) -> float:
    """Return by how much an interval of a rule may lie above chance before the set is refused."""
    return _MARGINS[rule]


def warnings_of(scores: Sequence[Score]) -> list[str]:
    """Return a sentence for each cue in the options.

    Raises:
        LexgraftError: the options alone decide a form, with every rule that shows it.
    """
    if bad := failed(scores):
        raise LexgraftError(
            "; ".join(_sentence(score) for score in bad) + ": the test would measure form",
            where="testset",
            cure="use `distractors: field` or `matched`, leave the form out, or give the concepts "
            "fields and more terms of each script",
        )
    return [f"{_sentence(cue)} (n = {cue.n})" for cue in cues(scores)]


def _sentence(score: Score) -> str:
    return (
        f"{score.name} alone give {score.value:.2f} [{score.low:.2f}, {score.high:.2f}] "
        f"in {score.group}, chance {score.chance or 0:.2f}"
    )


def _by_writing(name: str, form: str, tried: Sequence[RuleResult]) -> list[Score]:
    """Return the score of all answers, of each script, and of the items that need their term.

    By sound the katakana words are a group of their own and not in that of the form.
    """
    groups = {form: list(tried)}
    scripts = sorted({result.writing for result in tried})
    if name == SOUND:
        groups[form] = [result for result in tried if not result.loanword]
        groups[f"{form}, {KATAKANA}"] = [result for result in tried if result.loanword]
    elif len(scripts) > 1 and name in _BY_WRITING:
        for script in scripts:
            groups[f"{form}, {script}"] = [result for result in tried if result.writing == script]
    groups[f"{form}, {NEEDS_TERM}"] = [result for result in tried if result.needs_term]
    return [_score(name, group, results) for group, results in groups.items() if results]


def _score(name: str, group: str, tried: Sequence[RuleResult]) -> Score:
    """Return a score by concept: several draws of one concept are one observation."""
    right = _by_concept(tried, lambda result: result.right)
    chance = _by_concept(tried, lambda result: result.chance)
    return wilson(sum(right), len(right)).score(name, NO_MODEL, group, mean(chance))


def _by_concept(tried: Sequence[RuleResult], value: Callable[[RuleResult], float]) -> list[float]:
    values: dict[str, list[float]] = {}
    for result in tried:
        values.setdefault(result.concept, []).append(value(result))
    return [mean(shares) for shares in values.values()]


def _position(form: str, items: Sequence[Item]) -> Score:
    """Return how often the right option stands in its commonest place."""
    positions = Counter(item.gold for item in items)
    chance = 1 / len(items[0].options)
    return wilson(max(positions.values()), len(items)).score(POSITION, NO_MODEL, form, chance)


class Audit(Struct, frozen=True):
    """What is written to `audit.json`: every figure, what it is held against, what it said."""

    digest: str  # of the items
    passed: bool
    margins: dict[str, float]  # rule → an interval this far above chance refuses the set
    scores: tuple[Score, ...]
    details: tuple[Score, ...]  # per frequency band, part of speech, number of tokens
    warnings: tuple[str, ...]

    def encoded(self) -> bytes:
        """Return the content of `audit.json`."""
        return msgspec.json.format(msgspec.json.encode(self)) + b"\n"


def audit_record(
    scores: Sequence[Score], details: Sequence[Score], warnings: Sequence[str], items: str
) -> Audit:
    """Return the record of an audit that a set has passed."""
    margins = {name: margin_of(name) for name in sorted({score.name for score in scores})}
    return Audit(items, not failed(scores), margins, tuple(scores), tuple(details), tuple(warnings))
