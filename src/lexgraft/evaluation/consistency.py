"""Do two languages rank the same concepts alike? RankC, corrected for chance (pure)."""

from collections.abc import Mapping, Sequence
from math import exp

import numpy as np
from msgspec import structs

from lexgraft.records import Concept, Item, digest
from lexgraft.stats.intervals import Interval, bootstrap


def rank_overlap(first: Sequence[float], second: Sequence[float]) -> float:
    """Return Σ_j w_j · |top_j ∩ top_j'| / j, w_j ∝ e^(N−j), of two scorings of N options.

    RankC of one query (Qi, Fernández and Bisazza 2023, arXiv 2310.10378, section 3).

    >>> rank_overlap([3.0, 2.0, 1.0], [9.0, 5.0, 1.0])
    1.0
    """
    ranked = [sorted(range(len(s)), key=lambda i, s=s: (-s[i], i)) for s in (first, second)]
    weights = _weights(len(first))
    return sum(
        weight * len({*ranked[0][:j]} & {*ranked[1][:j]}) / j for j, weight in enumerate(weights, 1)
    )


def overlap_by_chance(options: int) -> float:
    """Return what two random rankings of so many options give: Σ_j w_j · j / N."""
    return sum(weight * j / options for j, weight in enumerate(_weights(options), 1))


def _weights(options: int) -> list[float]:
    raw = [exp(options - j - options) for j in range(1, options + 1)]
    return [weight / sum(raw) for weight in raw]


def consistency(
    pairs: Mapping[str, Sequence[tuple[Sequence[float], Sequence[float]]]],
    seed: int,
    alpha: float = 0.05,
) -> Interval:
    """Return RankC with chance taken off, (R − c) / (1 − c), and a bootstrap over concepts.

    `pairs` holds, per concept, the scores of the same options in one language and another.
    """
    rows = [
        [
            sum(rank_overlap(a, b) for a, b in pair),
            sum(overlap_by_chance(len(a)) for a, _ in pair),
            float(len(pair)),
        ]
        for pair in pairs.values()
        if pair
    ]
    return bootstrap(
        np.array(rows, np.float64).reshape(-1, 3),
        lambda means: (means[..., 0] - means[..., 1]) / (means[..., 2] - means[..., 1]),
        seed,
        alpha,
    )


def aligned_items(items: Sequence[Item], concepts: Sequence[Concept]) -> list[tuple[Item, Item]]:
    """Return items of one direction beside ones that ask for the same options in another language.

    The second keeps its own question and takes the first's options, each by its concept's name in
    the second's answer language. Where an option has no such name the pair is left out.
    """
    named = {(t.language, t.text): concept for concept in concepts for t in concept.terms}
    by_form: dict[tuple[str, str, int], list[Item]] = {}
    for item in items:
        by_form.setdefault((item.concept, item.kind, item.draw), []).append(item)
    pairs: list[tuple[Item, Item]] = []
    for group in by_form.values():
        for index, first in enumerate(group):
            for second in group[index + 1 :]:
                options = _renamed(first, second, named)
                if options and first.answer_language != second.answer_language:
                    pairs.append((first, _with_options(second, options, first.gold)))
    return pairs


def _renamed(
    first: Item, second: Item, named: Mapping[tuple[str, str], Concept]
) -> tuple[str, ...]:
    space = " " if second.options[0].startswith(" ") else ""
    names: list[str] = []
    for option in first.options:
        concept = named.get((first.answer_language, option.strip()))
        names += concept.names(second.answer_language)[:1] if concept else ()
    complete = len(names) == len(first.options) == len(set(names))
    return tuple(space + name for name in names) if complete else ()


def _with_options(item: Item, options: tuple[str, ...], gold: int) -> Item:
    return structs.replace(item, id=digest("aligned", item.id, options), options=options, gold=gold)
