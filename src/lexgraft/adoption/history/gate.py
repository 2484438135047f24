"""The gate of a release: against the one before and the first, by what a ledger holds (pure)."""

from collections.abc import Sequence

from msgspec import Struct

from lexgraft.adoption.history.ledger import Ledger, Release
from lexgraft.adoption.history.release_comparison import (
    ReleaseComparison,
    ReleasePolicy,
    compare_releases,
    compare_role,
    level_of,
)
from lexgraft.errors import LexgraftError, nearest
from lexgraft.evaluation.measures import PARENTS


class ReleaseGate(Struct, frozen=True, forbid_unknown_fields=True):
    """What a release lost and gained, and whether that is a regression."""

    project: str
    release: str
    number: int  # of the release after the first: what its level hangs on
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
        """Return whether no regression was found."""
        return not any(comparison.regressions for comparison in self.comparisons)


def judge_release(
    ledger: Ledger, release: Release, policy: ReleasePolicy | None = None
) -> ReleaseGate:
    """Return the gate of a release whose items are in the ledger, recorded there or not.

    Raises:
        LexgraftError: the ledger holds no earlier release of the project, or they share no items.
    """
    policy = policy or ReleasePolicy()
    earlier = _earlier(ledger, release)
    number, last, first = len(earlier), earlier[-1], earlier[0]
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


def judge_history(ledger: Ledger, policy: ReleasePolicy | None = None) -> list[ReleaseGate]:
    """Return the gate of every release of every project but its first, in the ledger's order.

    Raises:
        LexgraftError: releases of one project share no items.
    """
    projects: set[str] = set()
    gates: list[ReleaseGate] = []
    for release in ledger.releases:
        if release.project in projects:
            gates.append(judge_release(ledger, release, policy))
        projects.add(release.project)
    return gates


def _earlier(ledger: Ledger, release: Release) -> Sequence[Release]:
    """Return the releases of the project before this one, which may itself be recorded."""
    of_project = [recorded for recorded in ledger.releases if recorded.project == release.project]
    identities = [recorded.identity for recorded in of_project]
    if release.identity in identities:
        of_project = of_project[: identities.index(release.identity)]
    if not of_project:
        projects = list(dict.fromkeys(recorded.project for recorded in ledger.releases))
        raise LexgraftError(
            f"the ledger holds no earlier release of `{release.project}`",
            where=release.name,
            cure=nearest(release.project, projects)
            if projects and release.project not in projects
            else "add the first: lexgraft history RUN --ledger FILE; the next one can be judged",
        )
    return of_project
