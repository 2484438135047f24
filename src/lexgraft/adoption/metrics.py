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


def scores_of(seen: SplitResults, setting: ComparisonContext) -> tuple[Score, ...]:
    """Return recognition, everyday words and bits per byte of one model."""
    found = [
        _recognition(RECOGNITION, seen.name, seen.terms, pair, setting)
        for pair in _pairs(seen.terms)
    ]
    found += [
        _recognition(GENERAL, seen.name, seen.everyday, pair, setting)
        for pair in _pairs(seen.everyday)
    ]
    bits = bits_per_byte(setting.documents, seen.texts, setting.seed, setting.alpha)
    return (*found, *(interval.score(BITS, seen.name, group) for group, interval in bits.items()))


def acquisitions(
    seen: SplitResults,
    language: SplitResults,
    domain: SplitResults,
    setting: ComparisonContext,
    split: Split = "confirm",
) -> tuple[AcquisitionCounts, ...]:
    """Return the fates in every direction; transfer where it ends in the target language."""
    found: list[AcquisitionCounts] = []
    targets = setting.targets(seen.terms)
    for pair in _pairs(seen.terms):
        counted = list(transitions(_known(language.terms, pair), _known(seen.terms, pair)).values())
        moved = transferred(seen, language, domain, pair, setting) if pair in targets else None
        found.append(
            AcquisitionCounts(
                model=seen.name,
                direction=pair,
                acquired=counted.count("acquired"),
                kept=counted.count("kept"),
                lost=counted.count("lost"),
                never=counted.count("never"),
                transfer=moved.score(TRANSFER, seen.name, pair) if moved else None,
                split=split,
            )
        )
    return tuple(found)


def transferred(
    seen: SplitResults,
    language: SplitResults,
    domain: SplitResults,
    pair: str,
    setting: ComparisonContext,
) -> Interval:
    """Return transfer minus placebo in one direction."""
    return transfer(
        _known(domain.terms, setting.own),
        by_draw(select(language.terms, pair=pair)),
        by_draw(select(seen.terms, pair=pair)),
        setting.seed,
        setting.alpha,
    ).difference


def changes(
    seen: SplitResults,
    language: SplitResults,
    setting: ComparisonContext,
    margins: GeneralAbility | None,
    split: Split = "confirm",
) -> tuple[AbilityChange, ...]:
    """Return general ability against G; greater is better. Without `margins` it is not judged."""
    bits = relative_change(
        setting.documents, language.texts, seen.texts, setting.seed, setting.alpha
    )
    found = [
        AbilityChange(
            BITS,
            seen.name,
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
    for pair in _pairs(seen.everyday):
        moved = _difference(language.everyday, seen.everyday, pair, setting.alpha)
        margin = margins.everyday_loss if margins else None
        found.append(AbilityChange(GENERAL, seen.name, pair, *moved, margin, split))
    return tuple(found)


def point(
    seen: SplitResults,
    parents: Mapping[str, SplitResults],
    setting: ComparisonContext,
    kind: PointKind,
) -> FigurePoint:
    """Return acquisition against G and retention against D, of the concepts known."""
    pair = (setting.targets(seen.terms) or [setting.own])[0]
    gained = _difference(parents["G"].terms, seen.terms, pair, setting.alpha)
    own = setting.own if setting.own in _pairs(seen.terms) else pair
    kept = _difference(parents["D"].terms, seen.terms, own, setting.alpha)
    split = "choose" if kind == "candidate" else "confirm"
    return FigurePoint(
        kind,
        split,
        gained.score(TARGET_GAIN, seen.name, pair),
        kept.score(RETENTION, seen.name, own),
    )


def term_criteria(
    seen: SplitResults,
    language: SplitResults,
    domain: SplitResults,
    setting: ComparisonContext,
    gate: MergeGate,
) -> tuple[Criterion, ...]:
    """Return what the merge's gate asks of the terms against G, with what was measured."""
    found: list[Criterion] = []
    for pair in setting.targets(seen.terms):
        gained = _difference(language.terms, seen.terms, pair, setting.alpha)
        moved = transferred(seen, language, domain, pair, setting)
        found += [
            criterion(TARGET_GAIN, pair, gained, gate.target_gain),
            criterion(TRANSFER, pair, moved, gate.transfer),
        ]
    return tuple(found)


def protected(found: Sequence[AbilityChange]) -> tuple[Criterion, ...]:
    """Return the criteria that general ability is kept within its margins."""
    return tuple(
        criterion(
            EVERYDAY if change.name == GENERAL else BITS,
            change.group,
            Interval(change.value, change.low, change.high, change.n),
            -change.margin,
        )
        for change in found
        if change.margin is not None
    )


def criterion(name: str, group: str, found: Interval, threshold: float) -> Criterion:
    """Return one requirement judged."""
    return judge(
        name,
        group,
        value=found.value,
        low=found.low,
        high=found.high,
        threshold=threshold,
        n=found.n,
    )


def taught_criteria(
    before: Sequence[GradedItem],
    after: Sequence[GradedItem],
    setting: ComparisonContext,
    gate: TuneGate,
) -> tuple[Criterion, ...]:
    """Return the gain on taught concepts, in wordings that were never trained on."""
    return tuple(
        criterion(
            TARGET_GAIN, pair, _difference(before, after, pair, setting.alpha), gate.taught_gain
        )
        for pair in setting.targets(after)
    )


def objective(terms: Sequence[GradedItem], setting: ComparisonContext) -> float:
    """Return what candidates are raced on: mean probability of the right option, to the target.

    Probabilities rank merges with half the concepts that right and wrong would need.
    """
    means = [
        sum(found.values()) / len(found)
        for pair in setting.targets(terms)
        if (found := probabilities(select(terms, pair=pair)))
    ]
    return sum(means) / max(1, len(means))


def outcomes(
    seen: SplitResults,
    parents: Mapping[str, SplitResults],
    concepts: Sequence[Concept],
    setting: ComparisonContext,
) -> tuple[TermOutcome, ...]:
    """Return one row per concept and direction: a row of terms.csv."""
    rows: list[TermOutcome] = []
    by_id = {concept.id: concept for concept in concepts}
    for pair in _pairs(seen.terms):
        verdicts = {name: _known(parent.terms, pair) for name, parent in parents.items()}
        result = _known(seen.terms, pair)
        before = margins(select(parents["G"].terms, pair=pair))
        after = margins(select(seen.terms, pair=pair))
        for concept, verdict in sorted(result.items()):
            rows.append(
                TermOutcome(
                    concept=concept,
                    term=_name(by_id[concept], setting.languages.domain),
                    target=_name(by_id[concept], setting.languages.target),
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
    name: str, model: str, graded: Sequence[GradedItem], pair: str, setting: ComparisonContext
) -> Score:
    interval, chance = recognition(select(graded, pair=pair), setting.alpha)
    return interval.score(name, model, pair, chance)


def _difference(
    before: Sequence[GradedItem], after: Sequence[GradedItem], pair: str, alpha: float
) -> Interval:
    return paired_shares(_known(before, pair), _known(after, pair), alpha).difference


def _known(graded: Sequence[GradedItem], pair: str) -> dict[str, bool]:
    return known(select(graded, pair=pair))


def _pairs(graded: Sequence[GradedItem]) -> list[str]:
    return list(dict.fromkeys(one.pair for one in graded))


def _name(concept: Concept, language: str) -> str:
    return next(iter(concept.names(language)), "")
