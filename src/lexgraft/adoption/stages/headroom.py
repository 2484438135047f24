"""Stage headroom: what base, G and D know; whether there is anything to acquire."""

from collections.abc import Mapping

from msgspec import Struct

from lexgraft.adoption.cost import ComputeWork, confirm_work, work_of_items
from lexgraft.adoption.experiment import Experiment
from lexgraft.adoption.material import Material, Use
from lexgraft.adoption.metrics import ComparisonContext, SplitResults, criterion, scores_of
from lexgraft.adoption.models_under_test import ModelsUnderTest
from lexgraft.adoption.split_results import comparison_context, split_results
from lexgraft.adoption.stages.stage import ReportPart, Results, Stage
from lexgraft.adoption.verdict_text import verdict_of
from lexgraft.evaluation.grade import known, select
from lexgraft.evaluation.measures import PARENTS
from lexgraft.records import Criterion, Outcome, Score, Verdict
from lexgraft.stats.intervals import wilson

HEADROOM = "headroom"


class HeadroomResult(Struct, frozen=True, forbid_unknown_fields=True):
    """What base, G and D know, and whether there is anything to acquire."""

    verdict: Verdict
    scores: tuple[Score, ...]
    choosing: tuple[Score, ...]


class Headroom(Stage[HeadroomResult]):
    """Asks base, G and D; without a word that D knows and G does not, merging brings none."""

    name = gate = HEADROOM
    record = HeadroomResult
    ends_on: Outcome = "fail"

    def estimate(self, experiment: Experiment) -> tuple[ComputeWork, ...]:
        """Return the work of asking the three models both splits."""
        testset = experiment.material.testset
        choose = work_of_items(testset.items["choose"])
        return (
            (choose + confirm_work(testset, experiment.material.texts["confirm"])).times(
                len(PARENTS)
            ),
        )

    def run(self, experiment: Experiment, earlier: Results) -> HeadroomResult:
        """Return the parents' scores and the share that D knows and G does not, on `choose`."""
        models, material = experiment.models, experiment.material
        confirmed = parents_results(models, material, "confirm")
        chosen = parents_results(models, material, "choose")
        confirm = comparison_context(material, "confirm")
        choose = comparison_context(material, "choose")
        missing = count_missing(chosen["D"], chosen["G"], choose)
        requirements = criteria(missing, experiment.project.gates.headroom, choose.alpha)
        return HeadroomResult(
            verdict=verdict_of(HEADROOM, requirements),
            scores=tuple(
                score for results in confirmed.values() for score in scores_of(results, confirm)
            ),
            choosing=tuple(
                score for results in chosen.values() for score in scores_of(results, choose)
            ),
        )

    def report(self, experiment: Experiment, record: HeadroomResult) -> ReportPart:
        """Return the parents' scores."""
        return ReportPart(scores=record.scores, choosing=record.choosing)


def parents_results(
    models: ModelsUnderTest, material: Material, use: Use
) -> dict[str, SplitResults]:
    """Return what base, G and D made of one split."""
    return {
        name: split_results(models, material, parent, use)
        for name, parent in models.parents.items()
    }


def count_missing(
    domain: SplitResults, language: SplitResults, context: ComparisonContext
) -> dict[str, tuple[int, int]]:
    """Return, per target direction, how many concepts D knows in its own and G misses, and n."""
    by_domain = known(select(domain.terms, pair=context.own))
    counts: dict[str, tuple[int, int]] = {}
    for pair in context.targets(language.terms):
        by_language = known(select(language.terms, pair=pair))
        missing = sum(
            by_domain.get(concept, False) and not knows for concept, knows in by_language.items()
        )
        counts[pair] = (missing, len(by_language))
    return counts


def criteria(
    missing: Mapping[str, tuple[int, int]], threshold: float, alpha: float
) -> tuple[Criterion, ...]:
    """Return what the gate asks of each direction: how many of how many D alone knows, judged."""
    return tuple(
        criterion(HEADROOM, pair, wilson(count, n, alpha), threshold)
        for pair, (count, n) in missing.items()
    )
