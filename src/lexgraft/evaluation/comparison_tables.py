"""Comparisons as tables for a terminal, heads first."""

from lexgraft.evaluation.comparison import Comparison, PairwiseResult, TermFlip

LONGEST = 40  # characters of a question shown
LEAST = 0.001  # p values below it are shown as such

Table = tuple[str, list[list[str]]]
"""A title, and rows of which the first are the heads."""


def tables(found: Comparison, most: int) -> list[Table]:
    """Return what is known, one table of differences per group and reference, the terms moved.

    Terms are listed for the best model of each table, at most so many gained and lost.
    """
    pairs = dict.fromkeys((contest.group, contest.reference) for contest in found.contests)
    contests = [_ranked(found, group, reference) for group, reference in pairs]
    return [
        ("Known", known_rows(found)),
        *(_differences(ranked, found) for ranked in contests),
        *_carried_tables(found),
        *_missed_tables(found),
        *(_moved_table(ranked[0], most) for ranked in contests if most and _changed(ranked[0])),
    ]


def known_rows(found: Comparison) -> list[list[str]]:
    """Return the share of concepts known by every model in every group, the best first."""
    order = {
        group: place for place, group in enumerate(dict.fromkeys(s.group for s in found.scores))
    }
    scores = sorted(found.scores, key=lambda one: (order[one.group], -one.value))
    return [
        ["group", "model", "known", "interval", "chance", "n"],
        *(
            [
                score.group,
                score.model,
                f"{score.value:.1%}",
                f"[{score.low:.1%}, {score.high:.1%}]",
                f"{score.chance or 0:.1%}",
                str(score.n),
            ]
            for score in scores
        ),
    ]


def _ranked(found: Comparison, group: str, reference: str) -> list[PairwiseResult]:
    chosen = [
        contest
        for contest in found.contests
        if (contest.group, contest.reference) == (group, reference)
    ]
    return sorted(chosen, key=lambda one: (-one.value, -one.probability[0]))


def _differences(ranked: list[PairwiseResult], found: Comparison) -> Table:
    first = ranked[0]
    shown = f"n = {first.n}; shows {first.detectable * 100:.0f}; margin needs n = {first.needed:,}"
    heads = [
        "model",
        "difference",
        "gained",
        "lost",
        "p",
        "Holm",
        "e-value",
        "P(right)",
        f"loss < {found.margin * 100:g}, p",
    ]
    title = f"{first.group}: against {first.reference} in points ({shown})"
    return title, [heads, *(_contest(one) for one in ranked)]


def _contest(one: PairwiseResult) -> list[str]:
    return [
        one.model,
        _interval(one.value, one.low, one.high),
        str(len(one.gained)),
        str(len(one.lost)),
        _p(one.p),
        _p(one.holm),
        f"{one.evidence:.3g}",
        _interval(*one.probability),
        _p(one.not_worse),
    ]


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= LEAST else f"< {LEAST}"


def _interval(value: float, low: float, high: float) -> str:
    return f"{value * 100:+.1f} [{low * 100:+.1f}, {high * 100:+.1f}]"


def _missed_tables(found: Comparison) -> list[Table]:
    """Return, per direction, why terms are missing: concepts by diagnosis."""
    return [
        (
            f"{group}: what is the matter with the terms (concepts)",
            [
                ["model", *chosen[0].counts],
                *([one.model, *map(str, one.counts.values())] for one in chosen),
            ],
        )
        for group in dict.fromkeys(one.group for one in found.missed)
        for chosen in ([one for one in found.missed if one.group == group],)
    ]


def _carried_tables(found: Comparison) -> list[Table]:
    """Return, per direction, what was carried over, less what an unchanged model shows."""
    return [
        (
            f"{group}: carried over, in points",
            [
                ["model", "what", "difference", "n"],
                *(
                    [one.model, one.name, _interval(one.value, one.low, one.high), str(one.n)]
                    for one in found.carried
                    if one.group == group
                ),
            ],
        )
        for group in dict.fromkeys(one.group for one in found.carried)
    ]


def _changed(one: PairwiseResult) -> bool:
    return bool(one.gained or one.lost)


def _moved_table(one: PairwiseResult, most: int) -> Table:
    heads = ["", "right answer", "before", "after", "margin", "question"]
    rows = [
        [sign, *_moved(each)]
        for sign, moved in (("gained", one.gained), ("lost", one.lost))
        for each in moved[:most]
    ]
    return f"{one.group}: what {one.model} changed against {one.reference}", [heads, *rows]


def _moved(moved: TermFlip) -> list[str]:
    question = " ".join(moved.question.split())
    return [
        moved.gold,
        moved.chosen_before,
        moved.chosen_after,
        f"{moved.margin_before:+.1f} to {moved.margin_after:+.1f}",
        question if len(question) <= LONGEST else question[: LONGEST - 1] + "…",
    ]
