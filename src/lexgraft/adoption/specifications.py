"""The headlines under other ways of scoring an option: does the conclusion hang on one (pure)?"""

from collections.abc import Callable, Mapping, Sequence

from lexgraft.adoption.gains import best_parent, gain_scores
from lexgraft.adoption.metrics import ComparisonContext, SplitResults
from lexgraft.adoption.report.report_record import Quantity, Scoring, Specification
from lexgraft.evaluation.grade import GradedItem

_VALUES: dict[tuple[Quantity, Scoring], Callable[[GradedItem], float]] = {
    ("P(right)", "PMI"): lambda item: item.probability,
    ("P(right)", "sum"): lambda item: item.probability_by_sum,
    ("P(right)", "per character"): lambda item: item.probability_per_character,
    ("items right", "PMI"): lambda item: float(item.right),
    ("items right", "sum"): lambda item: float(item.right_by_sum),
    ("items right", "per character"): lambda item: float(item.right_per_character),
}


def specification_table(
    result: SplitResults,
    parents: Mapping[str, SplitResults],
    controls: Mapping[str, Sequence[GradedItem]],
    context: ComparisonContext,
) -> tuple[Specification, ...]:
    """Return every headline of a result under each scoring, of P(right) and of items right.

    The headlines are those of `gain_scores` (on G, the best parent, each control), on the same
    stored answers, the same items and with the same intervals; the first specification, P(right)
    by PMI, is the one that gates judge. The best parent is the best under PMI throughout. Nothing
    is asked anew, and nothing here is judged: six looks at one thing are no six chances.

    Steegen et al. 2016, Perspectives on Psychological Science 11(5), call this a multiverse.
    """
    best = {pair: best_parent(parents, pair) for pair in context.targets(result.terms)}
    table: list[Specification] = []
    for (quantity, scoring), value in _VALUES.items():
        scores = gain_scores(
            _rescored(result, value),
            {name: _rescored(parent, value) for name, parent in parents.items()},
            {name: _valued(answers, value) for name, answers in controls.items()},
            context,
            best,
        )
        table.append(Specification(quantity, scoring, scores))
    return tuple(table)


def _rescored(results: SplitResults, value: Callable[[GradedItem], float]) -> SplitResults:
    return results._replace(terms=_valued(results.terms, value))


def _valued(graded: Sequence[GradedItem], value: Callable[[GradedItem], float]) -> list[GradedItem]:
    return [item._replace(probability=value(item)) for item in graded]
