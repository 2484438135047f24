"""Two releases on the items that both were asked: what flipped, and whether that is a loss (pure).

The estimand: by direction, and by field in it, the share of concepts known (right in every item
that both were asked) to the later release minus that of the earlier one, in the population that
the concepts stand for. Releases answer the same items, so nothing is independent of anything: only
levels that add up are used, over releases and candidates (`release_level`) and over all that is
looked at in each.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from msgspec import Struct, structs

from lexgraft.adoption.history.ledger import ItemSet, Ledger, LedgerConcept, Release
from lexgraft.evaluation.load_runs import EVERYDAY_GROUP
from lexgraft.stats.clustered import design_effect
from lexgraft.stats.intervals import tango
from lexgraft.stats.moments import FEWEST
from lexgraft.stats.power import smallest_difference
from lexgraft.stats.release_levels import loss_above, more_lost, release_level

ALL_FIELDS = ""
_LEAST_CHANGING = 0.02  # share of concepts that power assumes to change, where fewer did
_TESTS = 2  # of a release: against the one before, and against the first

Finding = Literal["regression", "none shown", "kept", "open"]
"""Against the release before a loss was found or not; of the budget: kept, open or overdrawn."""


class AnsweredItem(NamedTuple):
    """One item with a model's verdict."""

    concept: LedgerConcept
    group: str
    right: bool


class TermChange(Struct, frozen=True, forbid_unknown_fields=True):
    """A concept that one of two models knows in a direction and the other does not."""

    concept: str
    terms: dict[str, str]
    field: str
    group: str


class FieldChange(Struct, frozen=True, forbid_unknown_fields=True):
    """How the share known changed in one direction and field, with its simultaneous interval."""

    group: str
    field: str  # ALL_FIELDS: all together
    n: int
    gained: int
    lost: int
    value: float
    low: float
    high: float
    p: float  # one-sided
    level: float  # at which it is a regression
    finding: Finding
    detectable: float  # the smallest loss that would have been found with a chance of 80 %


class ReleaseComparison(Struct, frozen=True, forbid_unknown_fields=True):
    """One model after another, over the items that both were asked."""

    before: str  # name of the release
    after: str
    role: str  # whose: of what was released, or of G, D, base
    models: tuple[str, str]  # digests
    shared: int  # items both were asked
    items: tuple[int, int]  # asked of each
    changes: tuple[FieldChange, ...]  # none of G, D and base, whose flips are listed only
    lost: tuple[TermChange, ...]  # right → wrong
    gained: tuple[TermChange, ...]
    refusal: str = ""  # why nothing can be compared

    @property
    def regressions(self) -> list[FieldChange]:
        """Return what was found to be lost."""
        return [change for change in self.changes if change.finding == "regression"]


Pair = tuple[str, str]
"""Group and concept: an everyday word and a term of one id are two."""
Known = Mapping[Pair, bool]
"""Group and concept → known."""
Concepts = Mapping[Pair, LedgerConcept]
"""Group and concept → what is shown of it, as the later release has it."""


def answered(items: ItemSet, release: Release, model: str) -> dict[str, AnsweredItem]:
    """Return the items that a release's model was asked, by the digest of their content."""
    signs = next((answers.right for answers in release.models if answers.name == model), "")
    return {
        key: AnsweredItem(items.concepts[concept], items.groups[group], sign == "1")
        for (key, concept, group), sign in zip(items.items, signs, strict=False)
        if sign != "-"
    }


def compare_releases(
    ledger: Ledger, before: Release, after: Release, level: float, budget: float | None = None
) -> ReleaseComparison:
    """Return what was released, against an earlier release, over the items both were asked.

    Args:
        ledger: where their items are.
        before: the earlier release.
        after: the later one.
        level: the chance of any false alarm in this comparison.
        budget: the loss that is allowed; None: none is, and more losses than gains are looked for.

    Of releases that share too little, or answered in several number formats or to other prompts,
    it says so and nothing else (`refusal`).
    """
    refusal = _unlike(before, after)
    comparison = _compared(ledger, (before, before.model), (after, after.model), level, budget)
    if not refusal and all(
        change.group.startswith(EVERYDAY_GROUP) for change in comparison.changes
    ):
        refusal = (
            f"{comparison.shared} of {comparison.items[1]} items were asked of the release "
            f"{before.name!a} too, of fewer than {FEWEST} terms in any direction"
        )
    if not refusal:
        return comparison
    return structs.replace(comparison, changes=(), lost=(), gained=(), refusal=refusal)


def _unlike(before: Release, after: Release) -> str:
    """Return in what two releases' answers came about differently; empty: in nothing known."""
    for what, both in (
        ("number formats", (before.number_format, after.number_format)),
        ("ways of asking", (before.prompt, after.prompt)),
    ):
        if "" not in both and len(set(both)) > 1:
            return f"answers of several {what}: {', '.join(both)}"
    return ""


def compare_role(
    ledger: Ledger, before: Release, after: Release, role: str
) -> ReleaseComparison | None:
    """Return G, D or the base of two releases, whose flips are listed; None: it is the same."""
    digests = [{m.name: m.digest for m in release.models}.get(role) for release in (before, after)]
    if None in digests or digests[0] == digests[1]:
        return None
    return _compared(ledger, (before, role), (after, role))


def _compared(
    ledger: Ledger,
    before: tuple[Release, str],
    after: tuple[Release, str],
    level: float = 0.0,
    budget: float | None = None,
) -> ReleaseComparison:
    """Return what flipped; at a level above 0 also what is found of directions and fields."""
    first, second = (
        answered(ledger.item_sets[release.items], release, model)
        for release, model in (before, after)
    )
    shared = [key for key in first if key in second]
    now = known_concepts(second[key] for key in shared)
    # a concept that was renamed, or moved to another field, is counted as what it is now
    was = known_concepts(second[key]._replace(right=first[key].right) for key in shared)
    concepts = {
        (item.group, item.concept.id): item.concept for item in (second[key] for key in shared)
    }
    axes = _axes(was, concepts) if level else {}
    return ReleaseComparison(
        before=before[0].name,
        after=after[0].name,
        role=after[1],
        models=(_digest_of(*before), _digest_of(*after)),
        shared=len(shared),
        items=(len(first), len(second)),
        changes=tuple(
            _change(axis, pairs, was, now, concepts, level / len(axes), budget)
            for axis, pairs in axes.items()
        ),
        lost=_flips(was, now, concepts, before=True),
        gained=_flips(was, now, concepts, before=False),
    )


def known_concepts(items: Iterable[AnsweredItem]) -> dict[Pair, bool]:
    """Return group and concept → known: right in every item that is passed."""
    verdicts: dict[Pair, bool] = {}
    for item in items:
        key = (item.group, item.concept.id)
        verdicts[key] = verdicts.get(key, True) and item.right
    return verdicts


def _axes(was: Known, concepts: Concepts) -> dict[tuple[str, str], list[Pair]]:
    """Return what is looked at, with its concepts: directions, and where there are more, fields."""
    axes: dict[tuple[str, str], list[Pair]] = {}
    for pair in was:
        for field in dict.fromkeys([ALL_FIELDS, concepts[pair].field]):
            axes.setdefault((pair[0], field), []).append(pair)
    return {
        (group, field): pairs
        for (group, field), pairs in axes.items()
        if len(pairs) >= FEWEST and (not field or len(pairs) < len(axes[group, ALL_FIELDS]))
    }


def _change(
    axis: tuple[str, str],
    pairs: Sequence[Pair],
    was: Known,
    now: Known,
    concepts: Concepts,
    level: float,
    budget: float | None,
) -> FieldChange:
    changes = [float(now[pair]) - was[pair] for pair in pairs]
    effect = design_effect(changes, [concepts[pair].family or pair[1] for pair in pairs])
    counts = changes.count(1.0), changes.count(-1.0), len(pairs)
    return field_change(axis, counts, level, budget, effect)


def field_change(
    axis: tuple[str, str],
    counts: tuple[int, int, int],
    level: float,
    budget: float | None = None,
    effect: float = 1.0,
) -> FieldChange:
    """Return what is found of one direction and field.

    Args:
        axis: the direction and the field.
        counts: concepts gained, lost, and asked.
        level: one-sided, of this test alone.
        budget: the loss that is allowed; None: more losses than gains are looked for.
        effect: the design effect of related concepts, which counts are divided by.
    """
    gained, lost, n = counts
    scaled = (gained / effect, lost / effect, n / effect)
    interval = tango(*scaled, 2 * level)
    p = more_lost(*scaled[:2]) if budget is None else loss_above(*scaled, budget)
    finding: Finding = "none shown"
    if budget is not None:
        finding = "kept" if interval.low >= -budget else "open"
    changing = max(_LEAST_CHANGING, (gained + lost) / n)
    smallest = smallest_difference(round(scaled[2]), changing, alpha=2 * level)
    return FieldChange(
        group=axis[0],
        field=axis[1],
        n=n,
        gained=gained,
        lost=lost,
        value=interval.value,
        low=interval.low,
        high=interval.high,
        p=p,
        level=level,
        finding="regression" if p <= level else finding,
        detectable=min(1.0, (budget or 0.0) + smallest),
    )


def _flips(was: Known, now: Known, concepts: Concepts, *, before: bool) -> tuple[TermChange, ...]:
    """Return the concepts that were known (or not) and are not (or are) any more."""
    return tuple(
        TermChange(pair[1], concepts[pair].terms, concepts[pair].field, pair[0])
        for pair, verdict in sorted(was.items())
        if verdict == before and now[pair] != before
    )


def _digest_of(release: Release, model: str) -> str:
    return next((answers.digest for answers in release.models if answers.name == model), "")


def level_of(number: int, alpha: float) -> float:
    """Return the level of either comparison of the `number`-th look after the first release."""
    return release_level(number, alpha) / _TESTS
