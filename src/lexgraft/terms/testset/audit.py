"""Audit: what can be had from the options alone; a test that rewards it measures no knowledge."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.project import Form
from lexgraft.records import Concept, Item, Score, digest
from lexgraft.stats.intervals import wilson
from lexgraft.terms.testset.baseline_rules import (
    FROM_QUESTION,
    LEARNT,
    POSITION,
    SHARED,
    SOUND,
    Guess,
    Learn,
    mean,
)
from lexgraft.terms.testset.question_forms import texts_of
from lexgraft.terms.text.scripts import is_loanword, writing_of

NO_MODEL = "options alone"
KATAKANA = "katakana"  # loanwords: their sound gives them away whatever the other options are

_MARGIN = 0.03  # by how much an interval may lie above chance before the set is refused
_MARGIN_SHARED = 0.15  # the same where words explained and words of the explanation share letters
_FEW = 20  # concepts; a smaller group is not reported apart

Facts = Mapping[str, Mapping[str, str]]
"""Concept id → name of a fact (`frequency`, `part of speech`, `tokens`) → its class."""


class RuleResult(Struct, frozen=True):
    """How one rule did on one item."""

    concept: str
    writing: str  # of the right option
    loanword: bool  # the question or the right option has katakana in it
    right: float  # share: a tie counts in part
    chance: float


def audit(items: Sequence[Item], concepts: Mapping[str, Concept] | None = None) -> list[Score]:
    """Return, per form and script of the answers, how often rules without knowledge are right.

    Two rules are learnt from one half of the concepts and tried on the other, and the reverse:
    a naive Bayes classifier over character n-grams, and a preferred length. Options whose text
    belongs to the learnt half are left out, for else the check itself is fooled; chance is
    therefore the mean of 1 / (options left). Two more look at the question, and see only
    characters in common, or (between languages) a sound in common; by sound, items about katakana
    words are counted apart. The last is the commonest place of the right option. A concept counts
    once; intervals are Wilson's (JASA 22, 1927, p. 209).
    """
    scores: list[Score] = []
    for form, form_items in _by_form(items).items():
        for name, tried in _results_by_rule(form_items, concepts or {}):
            scores += _by_writing(name, form, tried)
        scores.append(_position(form, form_items))
    return scores


def breakdown(items: Sequence[Item], concepts: Mapping[str, Concept], facts: Facts) -> list[Score]:
    """Return the same figures per class of each fact, for classes of 20 concepts and more."""
    scores: list[Score] = []
    for form, form_items in _by_form(items).items():
        for name, tried in _results_by_rule(form_items, concepts):
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
    return _MARGIN_SHARED if rule == SHARED else _MARGIN


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


def _by_form(items: Sequence[Item]) -> dict[str, list[Item]]:
    forms: dict[str, list[Item]] = {}
    for item in sorted(items, key=lambda item: (item.kind, item.pair)):
        forms.setdefault(f"{item.kind} {item.pair}", []).append(item)
    return forms


def _results_by_rule(
    items: Sequence[Item], concepts: Mapping[str, Concept]
) -> Iterable[tuple[str, list[RuleResult]]]:
    """Yield every rule's name and what it made of the items of one form."""
    questions = {item.id: _question(item, concepts) for item in items}
    for name, learn in LEARNT:
        yield name, _by_learnt_rule(items, questions, learn)
    across = items[0].question_language != items[0].answer_language
    for name, guess in (
        FROM_QUESTION if across else [rule for rule in FROM_QUESTION if rule[0] != SOUND]
    ):
        yield (
            name,
            [_rule_result(item, range(len(item.options)), questions, guess) for item in items],
        )


def _question(item: Item, concepts: Mapping[str, Concept]) -> str:
    """Return what an item asks about; without its concept, its context."""
    concept = concepts.get(item.concept)
    form = Form(item.kind, item.question_language, item.answer_language)
    return texts_of(concept, form)[0] if concept else item.context.removesuffix(item.neutral)


def _by_learnt_rule(
    items: Sequence[Item], questions: Mapping[str, str], learn: Learn
) -> list[RuleResult]:
    """Return how a rule learnt on one half of the concepts does on the other half's items."""
    owner = {item.options[item.gold]: item.concept for item in items}
    half = {item.concept: int(digest("half", item.concept), 16) % 2 for item in items}
    results: list[RuleResult] = []
    for learnt in (0, 1):
        examples = [
            (text, position == item.gold)
            for item in items
            if half[item.concept] == learnt
            for position, text in enumerate(item.options)
            if half.get(owner.get(text, ""), learnt) == learnt
        ]
        guess = learn(examples)
        learnt_texts = {text for text, _ in examples}
        for item in items:
            if half[item.concept] != learnt:
                unseen = [
                    position
                    for position, text in enumerate(item.options)
                    if text not in learnt_texts
                ]
                if item.gold in unseen and len(unseen) > 1:
                    results.append(_rule_result(item, unseen, questions, guess))
    return results


def _rule_result(
    item: Item, positions: Sequence[int], questions: Mapping[str, str], guess: Guess
) -> RuleResult:
    """Return one item's result; a tie counts in part."""
    question, answer = questions[item.id], item.options[item.gold]
    values = guess(question, [item.options[position] for position in positions])
    best = [
        position for position, value in zip(positions, values, strict=True) if value == max(values)
    ]
    right = 1 / len(best) if item.gold in best else 0.0
    loanword = is_loanword(question) or is_loanword(answer)
    return RuleResult(item.concept, writing_of(answer), loanword, right, 1 / len(positions))


def _by_writing(name: str, form: str, tried: Sequence[RuleResult]) -> list[Score]:
    """Return the score of all answers, and of each script where there are several.

    By sound the katakana words are a group of their own and not in that of the form.
    """
    if name == SOUND:
        loanwords = [result for result in tried if result.loanword]
        plain = [result for result in tried if not result.loanword]
        groups = {form: plain, f"{form}, {KATAKANA}": loanwords}
        return [_score(name, group, results) for group, results in groups.items() if results]
    groups = {form: list(tried)}
    scripts = sorted({result.writing for result in tried})
    if len(scripts) > 1:
        for script in scripts:
            groups[f"{form}, {script}"] = [result for result in tried if result.writing == script]
    return [_score(name, group, results) for group, results in groups.items()]


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
