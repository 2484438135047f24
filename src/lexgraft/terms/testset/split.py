"""Split: concepts into choose, confirm and sealed by a keyed hash, relatives kept together."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import get_args

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Split, digest
from lexgraft.terms.text.normalize import comparison_key

SPLITS: tuple[Split, ...] = get_args(Split)
_FEWEST = 8  # concepts, below which no split of them asks anything


def split_concepts(
    concepts: Sequence[Concept],
    counts: Mapping[Split, int],
    seed: int,
    refused: Mapping[str, int] | None = None,
    taught: int = 0,
    dealt: Mapping[str, Split] = MappingProxyType({}),
) -> dict[Split, list[Concept]]:
    """Return exactly as many concepts per split as asked for, in id order.

    Concepts that share a name (in any language) or a definition are related and never lie in two
    splits. Groups of relatives come in the order of a hash keyed by the seed, so that a concept's
    place depends neither on the order of the term base nor, much, on the others in it. `refused`
    says why other concepts cannot be asked for, and `taught` how many of `choose` are to be taught,
    for the message where there are too few.

    `dealt` are concepts that were asked before, in the order in which they came, with their split:
    they are in it or in none, and come before others. What is related to one of them has its split
    too, or none.

    Raises:
        LexgraftError: there are too few concepts, or the groups do not fit.
    """
    needed = sum(counts.values())
    if len(concepts) < needed:
        raise LexgraftError(
            f"{len(concepts)} concepts can be asked for in every form, {needed} are wanted"
            + "".join(f"; {count} × {reason}" for reason, count in (refused or {}).items()),
            where="testset",
            cure=_smaller_counts(counts, len(concepts), taught),
        )
    groups = groups_of_relatives(concepts)
    groups.sort(key=lambda group: digest(seed, "split", group[0].id))
    by_id, order = {concept.id: concept for concept in concepts}, list(dealt)
    chosen: dict[Split, list[Concept]] = {}
    for split in SPLITS:
        count = counts.get(split, 0)
        stay = [by_id[name] for name in order if dealt[name] == split and name in by_id][:count]
        chosen[split] = stay + _take_groups(groups, count - len(stay), split, dealt)
        if len(chosen[split]) < counts.get(split, 0):
            raise LexgraftError(
                f"related concepts do not fit into {counts[split]} for `{split}`",
                where="testset",
                cure=_fewer(split, len(chosen[split])) + "merge concepts that share names",
            )
    return {split: sorted(group, key=lambda concept: concept.id) for split, group in chosen.items()}


def _fewer(split: Split, fitting: int) -> str:
    """Return the start of a cure: the count that related concepts do fit into, if any."""
    return f"ask for fewer: `testset.{split}: {fitting}`, or " if fitting else ""


def groups_of_relatives(concepts: Sequence[Concept]) -> list[list[Concept]]:
    """Return the groups of concepts linked by a shared name or definition, each in id order."""
    leader: dict[str, str] = {}  # concept id → id of a smaller member of its group, or itself

    def head(identifier: str) -> str:
        while leader[identifier] != identifier:
            identifier = leader[identifier]
        return identifier

    first: dict[tuple[str, str], str] = {}
    ordered = sorted(concepts, key=lambda concept: concept.id)
    for concept in ordered:
        leader[concept.id] = concept.id
        for mark in _relation_keys(concept):
            smaller, larger = sorted((head(first.setdefault(mark, concept.id)), head(concept.id)))
            leader[larger] = smaller
    groups: dict[str, list[Concept]] = {}
    for concept in ordered:
        groups.setdefault(head(concept.id), []).append(concept)
    return list(groups.values())


def _relation_keys(concept: Concept) -> list[tuple[str, str]]:
    names = [(term.language, comparison_key(term.text)) for term in concept.terms]
    return names + [
        ("definition", comparison_key(text)) for text in concept.definitions.values() if text
    ]


def _take_groups(
    groups: list[list[Concept]], count: int, split: Split, dealt: Mapping[str, Split]
) -> list[Concept]:
    """Remove groups from the list, front first, while they fit; return their concepts.

    Of a group with concepts that were dealt the others are taken, where its split is this one.
    """
    chosen: list[Concept] = []
    remaining: list[list[Concept]] = []
    for group in groups:
        new = [concept for concept in group if concept.id not in dealt]
        ours = {dealt[concept.id] for concept in group if concept.id in dealt} <= {split}
        if ours and len(chosen) + len(new) <= count:
            chosen += new
        else:
            remaining.append(group)
    groups[:] = remaining
    return chosen


def _smaller_counts(counts: Mapping[Split, int], available: int, taught: int) -> str:
    """Return a cure that proposes counts that fit, in the proportions asked for.

    Of `choose` so many as are `taught` are needed, or fewer are taught.
    """
    if available < _FEWEST:
        return "add concepts, loosen `terms`, or leave a form out"
    total = sum(counts.values())
    shares = {split: counts.get(split, 0) * available // total for split in SPLITS}
    choose = max(shares["choose"], min(counts.get("choose", 0), available // 4))
    confirm = min(shares["confirm"], available - choose)
    sealed = min(shares["sealed"], available - choose - confirm)
    fitting = dict(zip(SPLITS, (choose, confirm, sealed), strict=True))
    proposals = [f"`testset.{split}: {count}`" for split, count in fitting.items()]
    if fitting["choose"] < taught:
        proposals.append(f"`tune.terms: {fitting['choose']}`")
    return f"add concepts, loosen `terms`, leave a form out, or ask for {', '.join(proposals)}"
