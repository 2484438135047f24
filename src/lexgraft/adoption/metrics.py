"""Graded answers of several models → scores, fates, differences and criteria (pure)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

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
    BITS,
    EVERYDAY,
    GENERAL,
    RECOGNITION,
    RETENTION,
    TARGET_GAIN,
    TRANSFER,
)
from lexgraft.project import GeneralAbility, Languages, MergeGate, TuneGate
from lexgraft.records import Concept, Criterion, Document, Score, Split, TermOutcome, TextScore
from lexgraft.stats.gates import judge
from lexgraft.stats.intervals import Interval, paired_shares


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

    def targets(self, graded: Sequence[GradedItem]) -> list[str]:
        """Return the directions that end in the target language."""
        ends = f"->{self.languages.target}"
        return [pair for pair in _pairs(graded) if pair.endswith(ends)]

    @property
    def own(self) -> str:
        """Return the direction within the domain's language."""
        return f"{self.languages.domain}->{self.languages.domain}"


def scores_of(results: SplitResults, context: ComparisonContext) -> tuple[Score, ...]:
    """Return recognition, everyday words and bits per byte of one model."""
    scores = [
        _recognition(RECOGNITION, results.name, results.terms, pair, context)
        for pair in _pairs(results.terms)
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
        counted = list(
            transitions(_known(language.terms, pair), _known(results.terms, pair)).values()
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
        _known(domain.terms, context.own),
        by_draw(select(language.terms, pair=pair)),
        by_draw(select(results.terms, pair=pair)),
        context.seed,
        context.alpha,
    ).difference


def changes(
    results: SplitResults,
    language: SplitResults,
    context: ComparisonContext,
    margins: GeneralAbility | None,
    split: Split = "confirm",
) -> tuple[AbilityChange, ...]:
    """Return general ability against G; greater is better. Without `margins` it is not judged."""
    bits = relative_change(context.documents, language.texts, results.texts, context.alpha)
    rows = [
        AbilityChange(
            BITS,
            results.name,
            group,
            -rise.value,
            -rise.high,
            -rise.low,
            rise.n,
            margins.bits_per_byte if margins else None,
            split,
        )
        for group, rise in bits.items()
    ]
    for pair in _pairs(results.everyday):
        gain = _difference(language.everyday, results.everyday, pair, context.alpha)
        margin = margins.everyday_loss if margins else None
        rows.append(AbilityChange(GENERAL, results.name, pair, *gain, margin, split))
    return tuple(rows)


def point(
    results: SplitResults,
    parents: Mapping[str, SplitResults],
    context: ComparisonContext,
    kind: PointKind,
) -> FigurePoint:
    """Return acquisition against G and retention against D, of the concepts known."""
    pair = (context.targets(results.terms) or [context.own])[0]
    gained = _difference(parents["G"].terms, results.terms, pair, context.alpha)
    own_pair = context.own if context.own in _pairs(results.terms) else pair
    retained = _difference(parents["D"].terms, results.terms, own_pair, context.alpha)
    split = "choose" if kind == "candidate" else "confirm"
    return FigurePoint(
        kind,
        split,
        gained.score(TARGET_GAIN, results.name, pair),
        retained.score(RETENTION, results.name, own_pair),
    )


def term_criteria(
    results: SplitResults,
    language: SplitResults,
    domain: SplitResults,
    context: ComparisonContext,
    gate: MergeGate,
) -> tuple[Criterion, ...]:
    """Return what the merge's gate asks of the terms against G, with what was measured."""
    requirements: list[Criterion] = []
    for pair in context.targets(results.terms):
        gained = _difference(language.terms, results.terms, pair, context.alpha)
        transfer_gain = transferred(results, language, domain, pair, context)
        requirements += [
            criterion(TARGET_GAIN, pair, gained, gate.target_gain),
            criterion(TRANSFER, pair, transfer_gain, gate.transfer),
        ]
    return tuple(requirements)


def protected(ability_changes: Sequence[AbilityChange]) -> tuple[Criterion, ...]:
    """Return the criteria that general ability is kept within its margins."""
    return tuple(
        criterion(
            EVERYDAY if change.name == GENERAL else BITS,
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


def taught_criteria(
    before: Sequence[GradedItem],
    after: Sequence[GradedItem],
    context: ComparisonContext,
    gate: TuneGate,
) -> tuple[Criterion, ...]:
    """Return the gain on taught concepts, in wordings that were never trained on."""
    return tuple(
        criterion(
            TARGET_GAIN, pair, _difference(before, after, pair, context.alpha), gate.taught_gain
        )
        for pair in context.targets(after)
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
    interval, chance = recognition(select(graded, pair=pair), context.alpha)
    return interval.score(name, model, pair, chance)


def _difference(
    before: Sequence[GradedItem], after: Sequence[GradedItem], pair: str, alpha: float
) -> Interval:
    return paired_shares(_known(before, pair), _known(after, pair), alpha).difference


def _known(graded: Sequence[GradedItem], pair: str) -> dict[str, bool]:
    return known(select(graded, pair=pair))


def _pairs(graded: Sequence[GradedItem]) -> list[str]:
    return list(dict.fromkeys(item.pair for item in graded))


def _name(concept: Concept, language: str) -> str:
    return next(iter(concept.names(language)), "")
