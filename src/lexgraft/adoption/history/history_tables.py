"""A history and a gate as tables and sentences: for the terminal, and the rows of the page."""

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct, structs

from lexgraft.adoption.history.gate import ReleaseGate, judge_history
from lexgraft.adoption.history.ledger import Ledger, Release
from lexgraft.adoption.history.release_comparison import (
    ALL_FIELDS,
    FieldChange,
    ReleaseComparison,
    TermChange,
    answered,
    known_concepts,
)
from lexgraft.adoption.history.release_policy import ReleasePolicy
from lexgraft.adoption.report.formats import ABSENT, difference, duration, plain, points, share
from lexgraft.evaluation.load_runs import EVERYDAY_GROUP
from lexgraft.evaluation.measures import BITS
from lexgraft.records import Outcome, Score
from lexgraft.stats.paired import share_right

RELEASES = ("release", "written", "model", "direction", "known", "n", "verdicts", "processor")
CHANGES = (
    *("release", "against", "direction", "field", "n", "lost", "gained"),
    *("change", "finding", "would be found"),
)
FLIPS = ("release", "against", "model", "change", "direction", "field", "concept", "term")


class ReleaseSummary(Struct, frozen=True, forbid_unknown_fields=True):
    """One release without its single answers."""

    project: str
    name: str
    written: str
    model: str
    digest: str
    verdicts: dict[str, Outcome]
    known: tuple[Score, ...]  # share of the concepts known, by direction
    ability: tuple[Score, ...]
    cpu_seconds: float
    seconds: float


class History(Struct, frozen=True, forbid_unknown_fields=True):
    """What a ledger tells: releases in their order, and the gate of each but the first."""

    head: str  # digest of the ledger's last line
    lines: int
    policy: ReleasePolicy
    releases: tuple[ReleaseSummary, ...]
    gates: tuple[ReleaseGate, ...]


def history_of(ledger: Ledger, policy: ReleasePolicy) -> History:
    """Return what a ledger tells."""
    return History(
        head=ledger.head,
        lines=ledger.lines,
        policy=policy,
        releases=tuple(_summary(ledger, release) for release in ledger.releases),
        gates=tuple(judge_history(ledger, policy)),
    )


def by_project(history: History) -> list[History]:
    """Return a history per project, in the order of their first releases."""
    return [
        structs.replace(
            history,
            releases=tuple(release for release in history.releases if release.project == project),
            gates=tuple(gate for gate in history.gates if gate.project == project),
        )
        for project in dict.fromkeys(release.project for release in history.releases)
    ]


def _summary(ledger: Ledger, release: Release) -> ReleaseSummary:
    items = ledger.item_sets[release.items]
    results = answered(items, release, release.model).values()
    families = {item.concept.id: item.concept.family for item in results if item.concept.family}
    scores: list[Score] = []
    for group in items.groups:
        in_group = known_concepts(item for item in results if item.group == group)
        verdicts = {concept: verdict for (_, concept), verdict in in_group.items()}
        if verdicts:
            relatives = {} if group.startswith(EVERYDAY_GROUP) else families
            interval = share_right(verdicts, parents=relatives)
            scores.append(interval.score("known", release.model, group))
    digests = {model.name: model.digest for model in release.models}
    return ReleaseSummary(
        project=release.project,
        name=release.name,
        written=release.written,
        model=release.model,
        digest=digests.get(release.model, ""),
        verdicts=release.verdicts,
        known=tuple(scores),
        ability=release.ability,
        cpu_seconds=release.cpu_seconds,
        seconds=release.seconds,
    )


def release_rows(history: History) -> list[list[str]]:
    """Return a row per release and direction, heads first; then bits per byte."""
    rows = [[*RELEASES]]
    for release in history.releases:
        verdicts = ", ".join(f"{stage} {outcome}" for stage, outcome in release.verdicts.items())
        bits = [score for score in release.ability if score.name == BITS]
        for number, score in enumerate([*release.known, *bits]):
            name = [release.name, release.written[:10], release.model] if not number else [""] * 3
            ends = [verdicts or ABSENT, duration(release.cpu_seconds, "en")]
            rows.append([*name, *_score_cells(score), *(ends if not number else ["", ""])])
    return rows


def _score_cells(score: Score) -> list[str]:
    if score.name == BITS:
        value = f"{plain(score.value)} [{plain(score.low)}, {plain(score.high)}]"
        return [f"{score.group}, {BITS}", value, str(score.n)]
    value = f"{share(score.value)} [{score.low * 100:.1f}, {score.high * 100:.1f}]"
    return [score.group, value, str(score.n)]


def change_rows(gates: Iterable[ReleaseGate], *, complete: bool) -> list[list[str]]:
    """Return a row per direction and field; of fields only those that lost, unless `complete`.

    A comparison that cannot be made has one row, which says why.
    """
    rows = [[*CHANGES]]
    for comparison in (comparison for gate in gates for comparison in gate.comparisons):
        if comparison.refusal:
            names = [comparison.after, comparison.before]
            rows.append([*names, *[ABSENT] * 6, f"not comparable: {comparison.refusal}", ABSENT])
        rows += [
            _change_row(comparison, change)
            for change in comparison.changes
            if complete or not change.field or change.finding == "regression"
        ]
    return rows


def _change_row(comparison: ReleaseComparison, change: FieldChange) -> list[str]:
    return [
        comparison.after,
        comparison.before,
        change.group,
        "all" if change.field == ALL_FIELDS else change.field,
        str(change.n),
        str(change.lost),
        str(change.gained),
        difference(change.value, change.low, change.high),
        change.finding,
        points(-change.detectable),
    ]


def flip_rows(
    comparisons: Sequence[ReleaseComparison], limit: int, ellipsis: Callable[[int], str]
) -> list[list[str]]:
    """Return what flipped right → wrong, then what was gained.

    At most `limit` of each are listed; a last row says how many there are beside, by `ellipsis`.
    """
    rows = [[*FLIPS]]
    for comparison in comparisons:
        for change, flips in (("lost", comparison.lost), ("gained", comparison.gained)):
            rows += [_flip_row(comparison, change, flip) for flip in flips[:limit]]
            if len(flips) > limit:
                names = [comparison.after, comparison.before, comparison.role, change]
                rows.append([*names, "", "", "", ellipsis(len(flips) - limit)])
    return rows


def _flip_row(comparison: ReleaseComparison, change: str, flip: TermChange) -> list[str]:
    return [
        comparison.after,
        comparison.before,
        comparison.role,
        change,
        flip.group,
        flip.field or ABSENT,
        flip.concept,
        " / ".join(flip.terms.values()) or ABSENT,
    ]


def all_comparisons(gates: Iterable[ReleaseGate]) -> list[ReleaseComparison]:
    """Return the steps from release to release, then G, D and base where these were changed."""
    return [comparison for gate in gates for comparison in (gate.step, *gate.parents)]


def gate_sentences(gate: ReleaseGate) -> list[str]:
    """Return the outcome in sentences: what decided, what was compared, at which error."""
    step, policy = gate.step, gate.policy
    regressions = [
        f"regression: {change.group}, {change.field or 'all fields'}: "
        f"{difference(change.value, change.low, change.high)}, {change.lost} lost and "
        f"{change.gained} gained of {change.n} concepts since {comparison.before}"
        for comparison in gate.comparisons
        for change in comparison.regressions
    ]
    pairing = f"{step.shared} of {step.items[1]} items were asked of {step.before} too"
    if step.shared < max(step.items):
        pairing += f" ({step.items[0]} there); the others say nothing"
    error = (
        f"error: any false alarm in all releases and looks of this ledger at most "
        f"{share(policy.alpha)}; of it this one, number {gate.number} after the first release, "
        f"has {share(2 * _level(gate))}. Intervals hold together at that level. Budget since the "
        f"first: {points(-policy.budget)} in each direction and field."
    )
    first = gate.since_first
    shared = f"{pairing}; {first.shared} of the first release, {first.before}."
    return [*regressions, shared, error, f"ledger: {gate.head}"]


def _level(gate: ReleaseGate) -> float:
    return sum(change.level for change in gate.step.changes)
