"""What was dealt before: a concept that was asked keeps its split, its items and its place.

A term base grows. Dealt anew, a concept could go from `choose` to `confirm`, so that what a merge
was chosen on would confirm it, and every item would get other wrong options, so that every model
would have to be asked everything again. So a test set that has been asked is continued: old
concepts keep what they have, new ones are added.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from lexgraft.files.checked_files import files_like, read_checked, write_checked
from lexgraft.project import Form, Project
from lexgraft.records import Concept, Item, Split
from lexgraft.terms.testset.item_evidence import form_of
from lexgraft.terms.testset.item_faults import faulty
from lexgraft.terms.testset.split import SPLITS

FILE = "dealt.jsonl"
CURE = "bring the file back, or adopt into another folder: concepts that were asked keep their use"

ItemForm = tuple[str, Form]
"""Whose item, and in which form it asks."""


class DealtConcept(Struct, frozen=True, forbid_unknown_fields=True):
    """One concept as it was dealt, with its items as they were asked."""

    concept: str
    split: Split
    round: int  # the how-manieth test set of this folder it came with, from 1
    seed: int
    distractors: str  # which kind of wrong options its items have
    items: tuple[Item, ...]


Dealing = Sequence[DealtConcept]
"""All concepts that were ever dealt into one folder, in the order of their ids."""


def read_dealing(folder: Path) -> list[DealtConcept]:
    """Return what was dealt into a test set's folder; nothing where none was.

    Raises:
        LexgraftError: the record was cut, changed or taken away.
    """
    return [
        row for file in files_like(folder, FILE) for row in read_checked(file, DealtConcept, CURE)
    ]


def write_dealing(dealing: Dealing, folder: Path) -> None:
    """Put on record what was dealt."""
    write_checked(folder / FILE, dealing)


def splits_of(dealing: Dealing, seed: int) -> dict[str, Split]:
    """Return concept → the split it was dealt into, in order of rounds; another seed deals anew."""
    ordered = sorted(dealing, key=lambda row: row.round)
    return {row.concept: row.split for row in ordered if row.seed == seed}


def kept_items(
    dealing: Dealing, project: Project, concepts: Mapping[str, Concept]
) -> dict[ItemForm, tuple[Item, ...]]:
    """Return the items that stay as they were dealt: as many options, of the same kind.

    An item that a change of the term base has given a second right answer does not stay.
    """
    test = project.testset
    items = [
        item
        for row in dealing
        if (row.seed, row.distractors) == (project.seed, test.distractors)
        for item in row.items
        if len(item.options) == test.options and item.draw < test.draws
    ]
    faults = faulty([item for item in items if item.concept in concepts], concepts)
    spoilt = {(item.concept, form_of(item)) for item, _ in faults}
    by_form: dict[ItemForm, list[Item]] = {}
    for item in items:
        key = (item.concept, form_of(item))
        if key not in spoilt:
            by_form.setdefault(key, []).append(item)
    return {key: tuple(old) for key, old in by_form.items() if len(old) == test.draws}


def dealt_now(
    earlier: Dealing,
    project: Project,
    concepts: Mapping[Split, Sequence[Concept]],
    items: Iterable[Item],
) -> tuple[DealtConcept, ...]:
    """Return all that was dealt, with the concepts of this test set.

    Concepts that are left out this time (fewer are asked, or they are retired) stay on record.
    """
    before = {row.concept: row for row in earlier if row.seed == project.seed}
    number = max((row.round for row in before.values()), default=0) + 1
    by_concept: dict[str, list[Item]] = {}
    for item in items:
        by_concept.setdefault(item.concept, []).append(item)
    dealt = dict(before)
    for split in SPLITS:
        for concept in concepts[split]:
            old = before.get(concept.id)
            dealt[concept.id] = DealtConcept(
                concept=concept.id,
                split=split,
                round=old.round if old else number,
                seed=project.seed,
                distractors=project.testset.distractors,
                items=tuple(by_concept.get(concept.id, ())),
            )
    return tuple(dealt[identifier] for identifier in sorted(dealt))


def rounds_needed(concepts: Iterable[Concept], rounds: Mapping[str, int], enough: int) -> int:
    """Return the number of the round with which there are enough of these concepts, else the last.

    What only some concepts are asked is asked of those that came first: then it need not be asked
    again where others come later.

    >>> of = [Concept(id=name, terms=()) for name in "abc"]
    >>> rounds_needed(of, {"a": 1, "b": 1, "c": 2}, 2), rounds_needed(of, {"a": 1, "b": 2}, 3)
    (1, 2)
    """
    numbers = sorted(rounds.get(concept.id, 1) for concept in concepts)
    return numbers[min(enough, len(numbers)) - 1] if numbers else 1
