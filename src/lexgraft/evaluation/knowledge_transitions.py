"""What became of the concepts: acquired, kept, lost, never known; transfer minus placebo (pure)."""

from collections.abc import Mapping

from lexgraft.records import Fate
from lexgraft.stats.cross_draw import ByDraw, CrossDrawEstimate, cross_draw_estimate


def transition(*, before: bool, after: bool) -> Fate:
    """Return what became of one concept, known or not to G (before) and to the result (after)."""
    if before:
        return "kept" if after else "lost"
    return "acquired" if after else "never"


def transitions(recipient: Mapping[str, bool], result: Mapping[str, bool]) -> dict[str, Fate]:
    """Return concept → what became of it, where both G and the result were asked.

    >>> transitions({"fever": False, "stroke": True}, {"fever": True, "stroke": False})
    {'fever': 'acquired', 'stroke': 'lost'}
    """
    return {
        concept: transition(before=verdict, after=result[concept])
        for concept, verdict in recipient.items()
        if concept in result
    }


def transfer(
    donor_knows: Mapping[str, bool],
    recipient: ByDraw,
    result: ByDraw,
    seed: int,
    alpha: float = 0.05,
) -> CrossDrawEstimate:
    """Return transfer: of what D knows in its language and G does not in the target language.

    `donor_knows` says what D knows in its own language (every draw); `recipient` and `result` are
    G's and the result's verdicts in the target language. The placebo is G.
    """

    def chosen(concept: str, draw: int) -> bool:
        unknown_to_recipient = not recipient.get(concept, {}).get(draw, True)
        return donor_knows.get(concept, False) and unknown_to_recipient

    return cross_draw_estimate(chosen, result, recipient, seed, alpha)


def retention(parent: ByDraw, result: ByDraw, seed: int, alpha: float = 0.05) -> CrossDrawEstimate:
    """Return, of what a parent got right in one draw, the share right in another.

    The placebo is the parent itself: `difference` below 0 is real loss.
    """
    return cross_draw_estimate(
        lambda concept, draw: parent.get(concept, {}).get(draw, False), result, parent, seed, alpha
    )


def emergence(
    recipient: ByDraw, donor: ByDraw, result: ByDraw, seed: int, alpha: float = 0.05
) -> CrossDrawEstimate:
    """Return, of what neither parent got right in one draw, the share right in another.

    The placebo is G.
    """

    def chosen(concept: str, draw: int) -> bool:
        parents = (recipient.get(concept, {}), donor.get(concept, {}))
        return all(draw in parent and not parent[draw] for parent in parents)

    return cross_draw_estimate(chosen, result, recipient, seed, alpha)
