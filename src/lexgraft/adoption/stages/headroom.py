"""Stage headroom: what base, G and D know; whether the donor has anything to give."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from lexgraft.adoption.cost import ComputeWork, confirm_work, work_of_items, work_of_texts
from lexgraft.adoption.experiment import Experiment
from lexgraft.adoption.gains import donor_lead
from lexgraft.adoption.material import Material, Use
from lexgraft.adoption.metrics import (
    ComparisonContext,
    SplitResults,
    criterion,
    own_pair,
    scores_of,
)
from lexgraft.adoption.models_under_test import ModelsUnderTest
from lexgraft.adoption.split_results import comparison_context, split_results
from lexgraft.adoption.spreads import Spreads, measured_spreads
from lexgraft.adoption.stages.stage import ReportPart, Results, Stage
from lexgraft.adoption.validity import ValidityMark, donor_at_chance, parents_at_chance
from lexgraft.adoption.verdict_text import verdict_of
from lexgraft.evaluation.grade import grade, known, select
from lexgraft.evaluation.measures import DONOR_LEAD, PARENTS, RANDOM_DONOR, SHUFFLED_TERMS
from lexgraft.records import Criterion, Item, Outcome, Score, Verdict
from lexgraft.stats.gate_power import Requirement
from lexgraft.stats.paired import share_right

HEADROOM = "headroom"


class HeadroomResult(Struct, frozen=True, forbid_unknown_fields=True):
    """What base, G and D know, and whether there is anything to acquire."""

    verdict: Verdict
    scores: tuple[Score, ...]
    choosing: tuple[Score, ...]
    marks: tuple[ValidityMark, ...] = ()
    spreads: Spreads = Spreads()  # of D against G: the parents' differ as a merge's will


class Headroom(Stage[HeadroomResult]):
    """Asks base, G and D; without a word that D knows and G does not, merging brings none.

    All concepts of `choose` and `confirm` count: no candidate exists yet that they could favour.
    """

    name = gate = HEADROOM
    record = HeadroomResult
    ends_on: Outcome = "fail"

    def estimate(self, experiment: Experiment) -> tuple[ComputeWork, ...]:
        """Return the work of asking the three models both splits, and the donor's control."""
        material = experiment.material
        chosen = work_of_items(material.testset.items["choose"])
        chosen += work_of_texts(material.texts["choose"])
        return (
            chosen.times(len(PARENTS)),
            *confirm_work(material.testset, material.texts["confirm"], len(PARENTS)),
            work_of_items(_in_donors_language(material)),
        )

    def requirements(self, experiment: Experiment, spreads: Spreads) -> tuple[Requirement, ...]:
        """Return the lead of D over the base, its control and shuffled terms."""
        material, gates = experiment.material, experiment.project.gates
        items = _in_donors_language(material)
        n, pair = len({item.concept for item in items}), items[0].pair
        truth = gates.assumed.donor_lead
        return tuple(
            Requirement(
                f"{DONOR_LEAD}, {name}",
                pair,
                "mean",
                n,
                0.0,
                truth,
                spreads.terms,
                "concepts",
                gates.alpha,
            )
            for name in ("base", RANDOM_DONOR, SHUFFLED_TERMS)
        )

    def run(self, experiment: Experiment, earlier: Results) -> HeadroomResult:
        """Return the parents' scores, the share that D knows and G does not, and D's lead."""
        models, material = experiment.models, experiment.material
        confirmed = parents_results(models, material, "confirm")
        chosen = parents_results(models, material, "choose")
        confirm = comparison_context(material, "confirm")
        choose = comparison_context(material, "choose")
        asked = {
            name: SplitResults(name, [*chosen[name].terms, *confirmed[name].terms], [], [])
            for name in PARENTS
        }
        missing = missing_concepts(asked["D"], asked["G"], confirm)
        guessed = {pair: by_guessing(asked["D"], pair, confirm) for pair in missing}
        lead = _lead(models, material, asked, confirm)
        threshold = experiment.project.gates.headroom
        scores = tuple(
            score for results in confirmed.values() for score in scores_of(results, confirm)
        )
        return HeadroomResult(
            verdict=verdict_of(HEADROOM, (*criteria(missing, threshold, confirm, guessed), *lead)),
            scores=scores,
            choosing=tuple(
                score for results in chosen.values() for score in scores_of(results, choose)
            ),
            marks=(*parents_at_chance(scores), *donor_at_chance(lead)),
            spreads=measured_spreads(
                confirmed["G"], confirmed["D"], confirm, experiment.project.merge.loss_budget
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


def _lead(
    models: ModelsUnderTest,
    material: Material,
    asked: Mapping[str, SplitResults],
    context: ComparisonContext,
) -> tuple[Criterion, ...]:
    """Return that D knows terms in its language: more than the base, its control and chance."""
    items = _in_donors_language(material)
    control = grade(items, models.answers(models.random_donor, "donor's language", items))
    pair = context.own_pair(asked["D"].terms)
    return donor_lead(asked["D"].terms, asked["base"].terms, control, pair, context)


def _in_donors_language(material: Material) -> list[Item]:
    """Return the items of both splits by which it is seen what the donor knows."""
    testset = material.testset
    items = [*testset.items["choose"], *testset.items["confirm"]]
    pair = own_pair(material.project.languages, items)
    return [item for item in items if item.pair == pair]


def missing_concepts(
    domain: SplitResults, language: SplitResults, context: ComparisonContext
) -> dict[str, dict[str, bool]]:
    """Return, per target direction, of every concept whether D knows it in its own and G does not.

    Where the test asks nothing within D's language, D is asked in the first of those directions.
    """
    by_domain = known(select(domain.terms, pair=context.own_pair(domain.terms)))
    return {
        pair: {
            concept: by_domain.get(concept, False) and not knows
            for concept, knows in known(select(language.terms, pair=pair)).items()
        }
        for pair in context.targets(language.terms)
    }


def by_guessing(domain: SplitResults, pair: str, context: ComparisonContext) -> float:
    """Return the share that D alone would seem to know in a direction if both models guessed."""
    levels, own = context.guessing, context.own_pair(domain.terms)
    return levels.get(own, 0.0) * (1 - levels.get(pair, 0.0))


def criteria(
    missing: Mapping[str, Mapping[str, bool]],
    threshold: float,
    context: ComparisonContext,
    guessed: Mapping[str, float] = MappingProxyType({}),
) -> tuple[Criterion, ...]:
    """Return what the gate asks of each direction: the share of concepts D alone knows, judged.

    It has to lie above the threshold by what guessing alone would give (`by_guessing`).
    """
    return tuple(
        criterion(
            HEADROOM,
            pair,
            share_right(one, context.alpha, context.families),
            threshold + guessed.get(pair, 0.0),
        )
        for pair, one in missing.items()
    )
