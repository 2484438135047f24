"""What a result carries over: transfer, retention and emergence, each less its placebo (pure)."""

from collections.abc import Iterable, Sequence

from lexgraft.evaluation.comparison import ItemResult, ModelRun
from lexgraft.evaluation.knowledge_transitions import (
    ByDraw,
    TransferEstimate,
    emergence,
    retention,
    transfer,
)
from lexgraft.records import Score

LANGUAGE, DOMAIN = "G", "D"
TRANSFER = "transfer - placebo"
KEPT = {LANGUAGE: "retention of G - placebo", DOMAIN: "retention of D - placebo"}
EMERGENCE = "emergence - placebo"


def crossings(
    models: Sequence[ModelRun],
    parents: Sequence[ModelRun],
    groups: Sequence[str],
    seed: int,
    alpha: float,
) -> list[Score]:
    """Return what every model carried over in every direction, where G and D answered too.

    In a direction between two languages: transfer of what D knows in its own, what emerged that
    neither parent knows, and G's knowledge that was kept; within one language, D's that was kept.
    """
    by_name = {parent.name: parent for parent in parents}
    if not {LANGUAGE, DOMAIN} <= by_name.keys():
        return []
    language, domain = by_name[LANGUAGE], by_name[DOMAIN]
    found: list[Score] = []
    for group in groups:
        asked, arrow, answered = group.partition("->")
        for model in models if arrow and " " not in asked else ():
            if asked == answered:
                rows = _within(model, domain, group, seed, alpha)
            else:
                rows = _across(model, language, domain, group, f"{asked}->{asked}", seed, alpha)
            found += [
                one.difference.score(name, model.name, group)
                for name, one in rows.items()
                if one.difference.n
            ]
    return found


def _within(
    model: ModelRun, domain: ModelRun, group: str, seed: int, alpha: float
) -> dict[str, TransferEstimate]:
    kept = retention(_by_draw(domain, group), _by_draw(model, group), seed, alpha)
    return {KEPT[DOMAIN]: kept}


def _across(
    model: ModelRun,
    language: ModelRun,
    domain: ModelRun,
    group: str,
    own: str,
    seed: int,
    alpha: float,
) -> dict[str, TransferEstimate]:
    result, before, donor = (_by_draw(one, group) for one in (model, language, domain))
    known = {concept: all(draws.values()) for concept, draws in _by_draw(domain, own).items()}
    return {
        TRANSFER: transfer(known, before, result, seed, alpha),
        KEPT[LANGUAGE]: retention(before, result, seed, alpha),
        EMERGENCE: emergence(before, donor, result, seed, alpha),
    }


def _by_draw(entrant: ModelRun, group: str) -> ByDraw:
    """Return concept → draw → right in every item of that draw."""
    return _drawn(one for one in entrant.shown.values() if one.group == group)


def _drawn(shown: Iterable[ItemResult]) -> dict[str, dict[int, bool]]:
    found: dict[str, dict[int, bool]] = {}
    for one in shown:
        draws = found.setdefault(one.concept, {})
        draws[one.draw] = draws.get(one.draw, True) and one.right
    return found
