"""Releases by hand: concepts in fields, each known or not to a model, in one direction."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lexgraft.adoption.history.ledger import (
    Entry,
    ItemSet,
    Ledger,
    LedgerConcept,
    ModelAnswers,
    Release,
    add_to_ledger,
)
from lexgraft.records import digest

GROUP = "en->ja"


def item_set(
    fields: Mapping[str, int], *, draws: int = 1, only: Sequence[int] | None = None
) -> ItemSet:
    """Return items of so many concepts a field; `only` keeps the concepts of these numbers."""
    concepts = [
        LedgerConcept(
            f"{field}{number}", {"en": f"{field} {number}", "ja": f"{number} {field}"}, field
        )
        for field, count in fields.items()
        for number in range(count)
        if only is None or number in only
    ]
    items = [
        (digest(concept.id, draw)[:16], place, 0)
        for place, concept in enumerate(concepts)
        for draw in range(draws)
    ]
    return ItemSet(digest(concepts, items), (GROUP,), tuple(concepts), tuple(items))


def release(
    name: str,
    items: ItemSet,
    right: Sequence[bool],
    *,
    project: str = "terms",
    others: Mapping[str, Sequence[bool]] | None = None,
) -> Release:
    """Return a release whose model got these items right; `others` are G, D or the base."""

    def answers(model: str, verdicts: Sequence[bool]) -> ModelAnswers:
        signs = "".join("1" if verdict else "0" for verdict in verdicts)
        return ModelAnswers(model, digest(name, model, signs), signs)

    models = [answers("merge", right)]
    models += [answers(model, verdicts) for model, verdicts in (others or {}).items()]
    return Release(
        project=project,
        name=name,
        written="2026-01-01T00:00:00+00:00",
        findings=digest(name, right),
        model="merge",
        items=items.digest,
        models=tuple(models),
    )


def ledger_of(*entries: Entry) -> Ledger:
    """Return a ledger with these entries."""
    return Ledger().with_new(entries)


def add(path: Path, *entries: Entry) -> Ledger:
    """Add entries to a ledger's file, comparable or not; return the ledger."""
    return add_to_ledger(path, lambda _: entries)[0]
