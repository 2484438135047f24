"""What is added to a ledger: releases that can be compared, and looks at candidates."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import structs

from lexgraft.adoption.history.gate import ReleaseGate, judge_release
from lexgraft.adoption.history.ledger import (
    Entry,
    ItemSet,
    Ledger,
    Look,
    Release,
    add_to_ledger,
    read_ledger,
)
from lexgraft.adoption.history.release_policy import ReleasePolicy


def add_releases(
    path: Path, entries: Sequence[ItemSet | Release]
) -> tuple[Ledger, tuple[Release, ...]]:
    """Add releases that are not there yet; return the ledger and those that were added.

    Raises:
        LexgraftError: one of them cannot be compared with those of its project, or the file is
            not as it was written; nothing is added then, for nothing can be taken out again.
    """

    def comparable(ledger: Ledger) -> Sequence[ItemSet | Release]:
        grown = ledger.with_new(entries)
        for release in grown.releases[len(ledger.releases) :]:
            if grown.earlier(release):
                judge_release(grown, release)
        return entries

    ledger, added = add_to_ledger(path, comparable)
    return ledger, tuple(entry for entry in added if isinstance(entry, Release))


def gate_release(
    path: Path, items: ItemSet, release: Release, policy: ReleasePolicy | None = None
) -> ReleaseGate:
    """Judge a release against a ledger, and record the look: it spends some of the error.

    The same answers held against the same release again are the same look. Where nothing can be
    compared nothing was seen, and no look is recorded.

    Raises:
        LexgraftError: no ledger, or nothing can be compared.
    """
    read_ledger(path)
    gates: list[ReleaseGate] = []

    def look(ledger: Ledger) -> Sequence[Entry]:
        gates.append(judge_release(ledger.beside(items), release, policy))
        before = ledger.earlier(release)[-1]
        return [Look(release.project, release.name, release.answers, before.answers)]

    ledger, _ = add_to_ledger(path, look)
    return structs.replace(gates[0], head=ledger.head)
