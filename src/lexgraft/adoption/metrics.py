"""Graded answers of several models → scores, fates, differences and criteria (pure)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lexgraft.adoption.general_loss import composite_losses
from lexgraft.adoption.report.report_record import (
    AbilityChange,
    AcquisitionCounts,
    FigurePoint,
    PointKind,
)
from lexgraft.evaluation.general_texts import bits_per_byte, relative_change
from lexgraft.evaluation.grade import (
    GradedItem,
    by_draw,
    known,
    margins,
    probabilities,
    recognition,
    select,
)
from lexgraft.evaluation.knowledge_transitions import transfer, transition, transitions
from lexgraft.evaluation.measures import (
    ABILITY,
    ACQUIRED,
    BITS,
    GENERAL,
    RECOGNITION,
    RECOGNITION_NEEDING_TERM,
    RETENTION,
    TARGET_GAIN,
    TRANSFER,
)
from lexgraft.project import GeneralAbility, Languages
from lexgraft.records import (
    Concept,
    Criterion,
    Document,
    Item,
    Kind,
    Score,
    Split,
    TermOutcome,
    TextScore,
)
from lexgraft.stats.gates import judge
from lexgraft.stats.intervals import Interval
from lexgraft.stats.paired import paired_shares, share_right

ItemKey = tuple[str, Kind, int]
"""What tells an item from others of its direction: concept, kind and draw."""


class SplitResults(NamedTuple):
    """What one model made of one split: terms, everyday words, running text."""

    name: str
    terms: list[GradedItem]
    everyday: list[GradedItem]
    texts: list[TextScore]


class ComparisonContext(NamedTuple):
    """What comparisons need to know of the project."""

    languages: Languages
    documents: Sequence[Document]
    seed: int
    alpha: float
    families: Mapping[str, str] = {}  # concept → what it shares with related ones
    judged: Mapping[str, frozenset[ItemKey]] = {}  # direction → items that count; none: all do
    guessing: Mapping[str, float] = {}  # direction → share known to rules without knowledge

    def targets(self, graded: Sequence[GradedItem]) -> list[str]:
        """Return the directions that end in the target language."""
        ends = f"->{self.languages.target}"
        return [pair for pair in _pairs(graded) if pair.endswith(ends)]

    def own_pair(self, asked: Sequence["GradedItem | Item"]) -> str:
        """Return the direction in which it is seen what D knows."""
        return own_pair(self.languages, asked)


def own_pair(languages: Languages, asked: Sequence[GradedItem | Item]) -> str:
    """Return the direction within the domain's language; where none is asked, to the target."""
    asked_pairs = list(dict.fromkeys(item.pair for item in asked))
    own = f"{languages.domain}->{languages.domain}"
    into = [pair for pair in asked_pairs if pair.endswith(f"->{languages.target}")]
    return own if own in asked_pairs or not into else into[0]


def scores_of(results: SplitResults, context: ComparisonContext) -> tuple[Score, ...]:
    """Return recognition, everyday words and bits per byte of one model."""
    scores = [
        _recognition(RECOGNITION, results.name, results.terms, pair, context)
        for pair in _pairs(results.terms)
    ]
    needing = [item for item in results.terms if item.solvable_by == "term"]
    scores += [
        _recognition(RECOGNITION_NEEDING_TERM, results.name, needing, pair, context)
        for pair in _pairs(needing)
    ]
    scores += [
        _recognition(GENERAL, results.name, results.everyday, pair, context)
        for pair in _pairs(results.everyday)
    ]
    bits = bits_per_byte(context.documents, results.texts, context.seed, context.alpha)
    return (
        *scores,
        *(interval.score(BITS, results.name, group) for group, interval in bits.items()),
    )


def acquisitions(
    results: SplitResults,
    language: SplitResults,
    domain: SplitResults,
    context: ComparisonContext,
    split: Split = "confirm",
) -> tuple[AcquisitionCounts, ...]:
    """Return the fates in every direction; transfer where it ends in the target language."""
    rows: list[AcquisitionCounts] = []
    targets = context.targets(results.terms)
    for pair in _pairs(results.terms):
        fates = transitions(_known(language.terms, pair), _known(results.terms, pair))
        counted = list(fates.values())
        gained = share_right(
            {concept: fate == "acquired" for concept, fate in fates.items()},
            context.alpha,
            context.families,
        )
        transfer_gain = (
            transferred(results, language, domain, pair, context) if pair in targets else None
        )
        rows.append(
            AcquisitionCounts(
                model=results.name,
                direction=pair,
                acquired=counted.count("acquired"),
                kept=counted.count("kept"),
                lost=counted.count("lost"),
                never=counted.count("never"),
                transfer=transfer_gain.score(TRANSFER, results.name, pair)
                if transfer_gain
                else None,
                split=split,
                acquired_share=gained.score(ACQUIRED, results.name, pair),
            )
        )
    return tuple(rows)


def transferred(
    results: SplitResults,
    language: SplitResults,
    domain: SplitResults,
    pair: str,
    context: ComparisonContext,
) -> Interval:
    """Return transfer minus placebo in one direction."""
    return transfer(
        _known(domain.terms, context.own_pair(domain.terms)),
        by_draw(select(language.terms, pair=pair)),
        by_draw(select(results.terms, pair=pair)),
        context.seed,
        context.alpha,
    ).difference


def changes(
    results: SplitResults,
    language: SplitResults,
    context: ComparisonContext,
    gate: GeneralAbility | None,
    split: Split = "confirm",
) -> tuple[AbilityChange, ...]:
    """Return general ability against G; greater is better.

    One composite per language is judged, where a gate is given: registers and everyday words, each
    with the same weight whatever its size. What it is made of stands below it unjudged.
    """
    margin = gate.general_loss if gate else None
    rows = [
        _ability(ABILITY, results.name, spoken, rise, margin, split)
        for spoken, rise in composite_losses(
            context.documents,
            (language.texts, results.texts),
            (language.everyday, results.everyday),
            context.alpha,
        ).items()
    ]
    bits = relative_change(context.documents, language.texts, results.texts, context.alpha)
    rows += [
        _ability(BITS, results.name, register, rise, None, split) for register, rise in bits.items()
    ]
    for pair in _pairs(results.everyday):
        gain = _difference(language.everyday, results.everyday, pair, context)
        rows.append(AbilityChange(GENERAL, results.name, pair, *gain, None, split))
    return tuple(rows)


def _ability(
    name: str, model: str, group: str, rise: Interval, margin: float | None, split: Split
) -> AbilityChange:
    """Return a rise of a loss as a change that is better when greater."""
    return AbilityChange(
        name, model, group, -rise.value, -rise.high, -rise.low, rise.n, margin, split
    )


def point(
    results: SplitResults,
    parents: Mapping[str, SplitResults],
    context: ComparisonContext,
    kind: PointKind,
) -> FigurePoint:
    """Return acquisition against G and retention against D, of the concepts known."""
    pair = context.targets(results.terms)[0]
    gained = _difference(parents["G"].terms, results.terms, pair, context)
    own = context.own_pair(results.terms)
    retained = _difference(parents["D"].terms, results.terms, own, context)
    split = "choose" if kind == "candidate" else "confirm"
    return FigurePoint(
        kind,
        split,
        gained.score(TARGET_GAIN, results.name, pair),
        retained.score(RETENTION, results.name, own),
    )


def protected(ability_changes: Sequence[AbilityChange]) -> tuple[Criterion, ...]:
    """Return the criteria that general ability is kept within its margins."""
    return tuple(
        criterion(
            change.name,
            change.group,
            Interval(change.value, change.low, change.high, change.n),
            -change.margin,
        )
        for change in ability_changes
        if change.margin is not None
    )


def criterion(name: str, group: str, interval: Interval, threshold: float) -> Criterion:
    """Return one requirement judged."""
    return judge(
        name,
        group,
        value=interval.value,
        low=interval.low,
        high=interval.high,
        threshold=threshold,
        n=interval.n,
    )


def objective(terms: Sequence[GradedItem], context: ComparisonContext) -> float:
    """Return what candidates are raced on: mean probability of the right option, to the target.

    Probabilities rank merges with half the concepts that right and wrong would need.
    """
    means = [
        sum(certainty.values()) / len(certainty)
        for pair in context.targets(terms)
        if (certainty := probabilities(select(terms, pair=pair)))
    ]
    return sum(means) / max(1, len(means))


def outcomes(
    results: SplitResults,
    parents: Mapping[str, SplitResults],
    concepts: Sequence[Concept],
    context: ComparisonContext,
) -> tuple[TermOutcome, ...]:
    """Return one row per concept and direction: a row of terms.csv."""
    rows: list[TermOutcome] = []
    by_id = {concept.id: concept for concept in concepts}
    for pair in _pairs(results.terms):
        verdicts = {name: _known(parent.terms, pair) for name, parent in parents.items()}
        result = _known(results.terms, pair)
        before = margins(select(parents["G"].terms, pair=pair))
        after = margins(select(results.terms, pair=pair))
        for concept, verdict in sorted(result.items()):
            rows.append(
                TermOutcome(
                    concept=concept,
                    term=_name(by_id[concept], context.languages.domain),
                    target=_name(by_id[concept], context.languages.target),
                    direction=pair,
                    fate=transition(before=verdicts["G"][concept], after=verdict),
                    known_base=verdicts["base"][concept],
                    known_language=verdicts["G"][concept],
                    known_domain=verdicts["D"][concept],
                    known_result=verdict,
                    margin_language=before[concept],
                    margin_result=after[concept],
                )
            )
    return tuple(rows)


def _recognition(
    name: str, model: str, graded: Sequence[GradedItem], pair: str, context: ComparisonContext
) -> Score:
    asked = select(graded, pair=pair)
    interval, chance = recognition(asked, context.alpha, context.families)
    if name == RECOGNITION:
        chance = context.guessing.get(pair, chance)
    return interval.score(name, model, pair, chance)


def _difference(
    before: Sequence[GradedItem],
    after: Sequence[GradedItem],
    pair: str,
    context: ComparisonContext,
) -> Interval:
    known_before, known_after = _known(before, pair), _known(after, pair)
    return paired_shares(known_before, known_after, context.alpha, context.families).difference


def _known(graded: Sequence[GradedItem], pair: str) -> dict[str, bool]:
    return known(select(graded, pair=pair))


def _pairs(graded: Sequence[GradedItem]) -> list[str]:
    return list(dict.fromkeys(item.pair for item in graded))


def _name(concept: Concept, language: str) -> str:
    return next(iter(concept.names(language)), "")
