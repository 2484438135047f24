"""The gate of a release: against the one before and the first, by what a ledger holds (pure)."""

from msgspec import Struct

from lexgraft.adoption.history.ledger import Ledger, Release
from lexgraft.adoption.history.release_comparison import (
    ReleaseComparison,
    compare_releases,
    compare_role,
    level_of,
)
from lexgraft.adoption.history.release_policy import ReleasePolicy
from lexgraft.errors import LexgraftError, nearest
from lexgraft.evaluation.measures import PARENTS


class ReleaseGate(Struct, frozen=True, forbid_unknown_fields=True):
    """What a release lost and gained, and whether that is a regression."""

    project: str
    release: str
    number: int  # among the releases after the first and the looks: what its level hangs on
    policy: ReleasePolicy
    head: str  # digest of the ledger's last line
    step: ReleaseComparison  # against the release before
    since_first: ReleaseComparison  # what is left of the budget
    parents: tuple[ReleaseComparison, ...] = ()  # G, D and base that were changed: not judged

    @property
    def comparisons(self) -> list[ReleaseComparison]:
        """Return what is judged."""
        return [self.step, self.since_first]

    @property
    def passed(self) -> bool:
        """Return whether all could be compared and no regression was found."""
        return not any(
            comparison.regressions or comparison.refusal for comparison in self.comparisons
        )


def judge_release(
    ledger: Ledger, release: Release, policy: ReleasePolicy | None = None
) -> ReleaseGate:
    """Return the gate of a release whose items are in the ledger, recorded there or not.

    Raises:
        LexgraftError: the ledger holds no earlier release of the project, or they share no items.
    """
    if not ledger.earlier(release):
        projects = list(dict.fromkeys(recorded.project for recorded in ledger.releases))
        raise LexgraftError(
            f"the ledger holds no earlier release of `{release.project}`",
            where=release.name,
            cure=nearest(release.project, projects)
            if projects and release.project not in projects
            else "add the first: lexgraft history RUN --ledger FILE; the next one can be judged",
        )
    gate = _gate(ledger, release, policy or ReleasePolicy())
    for comparison in gate.comparisons:
        if comparison.refusal:
            raise LexgraftError(
                f"{comparison.refusal}: nothing can be compared",
                where=release.name,
                cure="keep the concepts, settings and number format (`compute.dtype`) of the "
                "release before, or begin a new ledger",
            )
    return gate


def judge_history(ledger: Ledger, policy: ReleasePolicy | None = None) -> list[ReleaseGate]:
    """Return the gate of every release of every project but its first, in the ledger's order.

    Where two releases share too little to be compared, their comparison says so.
    """
    return [
        _gate(ledger, release, policy or ReleasePolicy())
        for release in ledger.releases
        if ledger.earlier(release)
    ]


def _gate(ledger: Ledger, release: Release, policy: ReleasePolicy) -> ReleaseGate:
    comparison, earlier = ledger.comparison_of(release), ledger.earlier(release)
    assert comparison
    number, last, first = ledger.number_of(comparison), earlier[-1], earlier[0]
    level = level_of(number, policy.alpha)
    roles = (compare_role(ledger, last, release, role) for role in PARENTS if role != release.model)
    return ReleaseGate(
        project=release.project,
        release=release.name,
        number=number,
        policy=policy,
        head=ledger.head,
        step=compare_releases(ledger, last, release, level),
        since_first=compare_releases(ledger, first, release, level, policy.budget),
        parents=tuple(comparison for comparison in roles if comparison is not None),
    )
