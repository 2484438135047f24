"""Comparisons as tables for a terminal, heads first."""

from lexgraft.evaluation.comparison import Comparison, PairwiseResult, TermFlip

LONGEST = 40  # characters of a question shown
SMALLEST_P = 0.001  # p values below it are shown as such

Table = tuple[str, list[list[str]]]
"""A title, and rows of which the first are the heads."""


def tables(comparison: Comparison, limit: int) -> list[Table]:
    """Return tables of shares known, differences, transfer, missing terms, and terms changed.

    Terms gained and lost are listed for the best model of each table, at most `limit` of either,
    and a row says how many more there are.
    """
    pairs = dict.fromkeys((result.group, result.reference) for result in comparison.contests)
    ranked = [_ranked(comparison, group, reference) for group, reference in pairs]
    return [
        ("Known", known_rows(comparison)),
        *(_difference_table(results, comparison.margin) for results in ranked),
        *_transfer_tables(comparison),
        *_missing_tables(comparison),
        *(
            _flip_table(results[0], limit)
            for results in ranked
            if limit and (results[0].gained or results[0].lost)
        ),
    ]


def known_rows(comparison: Comparison) -> list[list[str]]:
    """Return the share of concepts known by every model in every group, the best first."""
    groups = list(dict.fromkeys(score.group for score in comparison.scores))
    scores = sorted(comparison.scores, key=lambda score: (groups.index(score.group), -score.value))
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


def _ranked(comparison: Comparison, group: str, reference: str) -> list[PairwiseResult]:
    """Return the models against one reference in one group, the best first."""
    results = [
        result
        for result in comparison.contests
        if (result.group, result.reference) == (group, reference)
    ]
    return sorted(results, key=lambda result: (-result.value, -result.probability[0]))


def _difference_table(ranked: list[PairwiseResult], margin: float) -> Table:
    first = ranked[0]
    power = f"n = {first.n}; shows {first.detectable * 100:.0f}; margin needs n = {first.needed:,}"
    heads = [
        "model",
        "difference",
        "gained",
        "lost",
        "p",
        "Holm",
        "e-value",
        "P(right)",
        f"loss < {margin * 100:g}, p",
    ]
    title = f"{first.group}: against {first.reference} in points ({power})"
    return title, [heads, *(_difference_row(result) for result in ranked)]


def _difference_row(result: PairwiseResult) -> list[str]:
    return [
        result.model,
        _interval(result.value, result.low, result.high),
        str(len(result.gained)),
        str(len(result.lost)),
        _p(result.p),
        _p(result.holm),
        f"{result.evidence:.3g}",
        _interval(*result.probability),
        _p(result.not_worse),
    ]


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= SMALLEST_P else f"< {SMALLEST_P}"


def _interval(value: float, low: float, high: float) -> str:
    return f"{value * 100:+.1f} [{low * 100:+.1f}, {high * 100:+.1f}]"


def _missing_tables(comparison: Comparison) -> list[Table]:
    """Return, per direction, why terms are missing: concepts by diagnosis."""
    tables: list[Table] = []
    for group in dict.fromkeys(missing.group for missing in comparison.missed):
        models = [missing for missing in comparison.missed if missing.group == group]
        heads = ["model", *models[0].counts]
        rows = [[missing.model, *map(str, missing.counts.values())] for missing in models]
        tables.append((f"{group}: what is the matter with the terms (concepts)", [heads, *rows]))
    return tables


def _transfer_tables(comparison: Comparison) -> list[Table]:
    """Return, per direction, what was carried over, less what an unchanged model shows."""
    tables: list[Table] = []
    for group in dict.fromkeys(score.group for score in comparison.carried):
        rows = [
            [
                score.model,
                score.name,
                _interval(score.value, score.low, score.high),
                str(score.n),
            ]
            for score in comparison.carried
            if score.group == group
        ]
        heads = ["model", "what", "difference", "n"]
        tables.append((f"{group}: carried over, in points", [heads, *rows]))
    return tables


def _flip_table(result: PairwiseResult, limit: int) -> Table:
    heads = ["", "right answer", "before", "after", "margin", "question"]
    rows: list[list[str]] = []
    for sign, flips in (("gained", result.gained), ("lost", result.lost)):
        rows += [[sign, *_flip_row(flip)] for flip in flips[:limit]]
        if len(flips) > limit:
            rows.append([sign, f"... and {len(flips) - limit:,} more: --show", *[""] * 4])
    title = f"{result.group}: what {result.model} changed against {result.reference}"
    return title, [heads, *rows]


def _flip_row(flip: TermFlip) -> list[str]:
    question = " ".join(flip.question.split())
    return [
        flip.gold,
        flip.chosen_before,
        flip.chosen_after,
        f"{flip.margin_before:+.1f} to {flip.margin_after:+.1f}",
        question if len(question) <= LONGEST else question[: LONGEST - 1] + "…",
    ]
