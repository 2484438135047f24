"""Guessing level: what the best rule without knowledge reaches on this very set, with interval."""

from collections.abc import Iterable, Mapping, Sequence
from math import prod

from msgspec import Struct

from lexgraft.records import Concept, Item, Score
from lexgraft.stats.intervals import wilson
from lexgraft.terms.testset.baseline_rules import SOUND, mean
from lexgraft.terms.testset.rule_results import RuleResult, by_form, results_without_learning

ANY_OPTION = "any option"
"""The name of the rule that picks an option by chance."""


class GuessingLevel(Struct, frozen=True, forbid_unknown_fields=True):
    """What can be reached in one direction by a rule that knows no term and no piece of one.

    The best of the rules is taken after the fact, so that its level is rather too high than too
    low; where all of them stay below 1 / options, that stands. In a score `name` is the rule,
    `n` are concepts and `chance` is what independent guesses would give.
    """

    pair: str  # direction, e.g. `en->ja`
    needs_term: bool  # of the items that need their term only; else of all
    items: Score  # share of items right, by concept
    known: Score  # share of concepts right in every item


def guessing_levels(
    items: Sequence[Item], concepts: Mapping[str, Concept]
) -> tuple[GuessingLevel, ...]:
    """Return the levels of each direction, of all its items and of those that need the term."""
    levels: list[GuessingLevel] = []
    for pair in dict.fromkeys(item.pair for item in items):
        tried = _results([item for item in items if item.pair == pair], concepts)
        levels.append(_level(pair, tried, needs_term=False))
        needing = {
            rule: [result for result in results if result.needs_term]
            for rule, results in tried.items()
            if rule != SOUND  # nothing that can be heard is among them
        }
        if any(needing.values()):
            levels.append(_level(pair, needing, needs_term=True))
    return tuple(levels)


def _results(items: Sequence[Item], concepts: Mapping[str, Concept]) -> dict[str, list[RuleResult]]:
    """Return rule → what it made of the items of one direction, all kinds of question together."""
    results: dict[str, list[RuleResult]] = {}
    for form_items in by_form(items).values():
        for rule, tried in results_without_learning(form_items, concepts):
            results.setdefault(rule, []).extend(tried)
    return results


def _level(
    pair: str, tried: Mapping[str, Sequence[RuleResult]], *, needs_term: bool
) -> GuessingLevel:
    every = next(iter(tried.values()))
    by_item = {ANY_OPTION: _means((one.concept, one.chance) for one in every)}
    by_concept = {ANY_OPTION: _products((one.concept, one.chance) for one in every)}
    for rule, results in tried.items():
        by_item[rule] = _means((one.concept, one.right) for one in results)
        by_concept[rule] = _products((one.concept, one.right) for one in results)
    return GuessingLevel(pair, needs_term, _best(pair, by_item), _best(pair, by_concept))


def _best(pair: str, shares: Mapping[str, Sequence[float]]) -> Score:
    """Return the score of the best rule, of equals the first; chance itself has no interval."""
    chance = mean(shares[ANY_OPTION])
    best = max(shares, key=lambda rule: mean(shares[rule]))
    right = shares[best]
    if best == ANY_OPTION:
        return Score(best, "", pair, chance, chance, chance, len(right), chance)
    return wilson(sum(right), len(right)).score(best, "", pair, chance)


def _means(pairs: Iterable[tuple[str, float]]) -> list[float]:
    return [mean(values) for values in _grouped(pairs)]


def _products(pairs: Iterable[tuple[str, float]]) -> list[float]:
    """Return, per concept, how likely a guesser is to be right in every item."""
    return [prod(values) for values in _grouped(pairs)]


def _grouped(pairs: Iterable[tuple[str, float]]) -> list[list[float]]:
    groups: dict[str, list[float]] = {}
    for concept, value in pairs:
        groups.setdefault(concept, []).append(value)
    return list(groups.values())
