"""Stage merge: candidates and a search on `choose`, at one budget of general loss; one wins."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from msgspec import Struct

from lexgraft.adoption.candidate_search import propose
from lexgraft.adoption.cost import ComputeWork, work_of_items, work_of_texts
from lexgraft.adoption.experiment import Experiment
from lexgraft.adoption.gains import gain
from lexgraft.adoption.general_loss import register_losses
from lexgraft.adoption.guided_cost import solving_work
from lexgraft.adoption.guided_texts import learning_methods
from lexgraft.adoption.material import Material
from lexgraft.adoption.metrics import (
    ComparisonContext,
    SplitResults,
    acquisitions,
    changes,
    objective,
    point,
    scores_of,
)
from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.adoption.report.report_record import AbilityChange, AcquisitionCounts, FigurePoint
from lexgraft.adoption.split_results import comparison_context
from lexgraft.adoption.stages.headroom import parents_results
from lexgraft.adoption.stages.learn import Learn, LearnResult
from lexgraft.adoption.stages.stage import ReportPart, Results, Stage
from lexgraft.adoption.walk_back import USUAL_STEPS, Losses, walked_back
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.grade import GradedItem, grade, probabilities
from lexgraft.evaluation.measures import ABILITY, TARGET_GAIN
from lexgraft.project import Candidate, MergeSettings
from lexgraft.records import Answer, Item, Score, digest
from lexgraft.stats.intervals import Interval
from lexgraft.stats.sequential import first_above
from lexgraft.weights.checkpoint.lora_adapter import Adapter
from lexgraft.weights.merge.merge_plan import MergePlan
from lexgraft.weights.methods import METHODS

BLOCK = 50  # concepts asked before the race is looked at again


class CandidateResult(Struct, frozen=True, forbid_unknown_fields=True):
    """One candidate on the `choose` concepts."""

    name: str
    candidate: Candidate
    digest: str  # of the merged weights
    objective: float
    scores: tuple[Score, ...]
    acquisitions: tuple[AcquisitionCounts, ...]
    changes: tuple[AbilityChange, ...]
    point: FigurePoint
    front: FigurePoint  # gain in P(right option) against what of general ability is lost
    dropped: bool = False  # the leader was shown to beat it: not asked to the end


class RaceResult(Struct, frozen=True, forbid_unknown_fields=True):
    """All candidates and the winner's name."""

    raced: tuple[CandidateResult, ...]
    winner: str
    unwalked: tuple[CandidateResult, ...] = ()  # what was walked back, as it had been given

    def best(self) -> CandidateResult:
        """Return the winner."""
        return next(candidate for candidate in self.raced if candidate.name == self.winner)


class _Tried(NamedTuple):
    """What asking one candidate has given, as it was given and, with a budget, walked back."""

    first: CandidateResult
    result: CandidateResult
    certainty: Mapping[str, float]  # concept → P(right option), in the directions raced on


class _Board:
    """The candidates tried so far, and who leads among those within the margin."""

    def __init__(self, margin: float) -> None:
        self.tried: dict[int, _Tried] = {}
        self._margin = margin

    def add(self, number: int, tried: _Tried) -> None:
        """Write down what a candidate has given."""
        self.tried[number] = tried

    def leader(self, number: int) -> _Tried | None:
        """Return the best of those before a candidate; the first of equals."""
        before = [self.tried[earlier] for earlier in sorted(self.tried) if earlier < number]
        safe = [t for t in before if not t.result.dropped and _is_within(t.result, self._margin)]
        return max(safe, key=lambda tried: tried.result.objective, default=None)


class MergeRace(Stage[RaceResult]):
    """Finds the merge that is judged; `measure` gives the verdict."""

    name = gate = "merge"
    record = RaceResult

    def estimate(self, experiment: Experiment) -> tuple[ComputeWork, ...]:
        """Return the work of asking every candidate the `choose` concepts and texts.

        Raises:
            LexgraftError: candidates have to learn, and that stage is left out.
        """
        settings, chosen = experiment.project.merge, experiment.project.stages
        names = learning_methods(experiment.project)
        if names and chosen is not None and Learn.name not in chosen:
            raise LexgraftError(
                f"`{names[0]}` needs what stage `{Learn.name}` finds",
                where="stages",
                cure=f"add `{Learn.name}`",
            )
        count = len(settings.candidates) + _trials(settings)
        items = work_of_items(experiment.material.testset.items["choose"])
        texts = work_of_texts(experiment.material.texts["choose"])
        solving = _solving(experiment.models)
        if settings.loss_budget is None:
            return ((items + texts).times(count), solving)
        asked = items.times(2 * count), texts.times((1 + USUAL_STEPS) * count)  # all walked back
        return (*asked, solving)

    def inputs(self, experiment: Experiment, earlier: Results) -> tuple[object, ...]:
        """Return what was learnt for candidates that need it."""
        learnt = earlier.find(LearnResult)
        return (learnt.statistics,) if learnt else ()

    def run(self, experiment: Experiment, earlier: Results) -> RaceResult:
        """Return every candidate's findings and the winner.

        Among candidates whose general ability stays within the gate's margin, the highest
        objective wins; if none is within, the one that harms least. A candidate that the leader is
        shown to beat is asked no further; with probability 1 − alpha no such one was the best.
        With a budget of general loss each is first walked back until it holds.
        """
        settings, gates = experiment.project.merge, experiment.project.gates
        models, material = experiment.models, experiment.material
        count = len(settings.candidates) + _trials(settings)
        board = _Board(gates.merge.general_loss)
        searched: list[tuple[Candidate, float]] = []
        models.ahead(_scouts(experiment, gates.alpha / count))
        for number in range(count):
            name, candidate = _candidate(settings, experiment.project.seed, number, searched)
            leader = partial(board.leader, number)
            tried = _tried(models, material, name, candidate, leader, gates.alpha / count)
            board.add(number, tried)
            if number >= len(settings.candidates):
                searched.append((candidate, tried.first.objective))
        raced = [tried.result for tried in board.tried.values()]
        unwalked = [tried.first for tried in board.tried.values() if tried.first != tried.result]
        best = best_of(raced, gates.merge.general_loss)
        return RaceResult(tuple(raced), best.name, tuple(unwalked))

    def report(self, experiment: Experiment, record: RaceResult) -> ReportPart:
        """Return the candidates' findings and how the winner was made."""
        best = record.best()
        return ReportPart(
            result=best.name,
            method=best.candidate.method,
            parameters=_parameters(best.candidate),
            front=(
                *(result.front for result in record.unwalked),
                *(result.front for result in record.raced),
            ),
            points=tuple(result.point for result in record.raced),
            choosing=tuple(score for result in record.raced for score in result.scores),
            acquisitions=tuple(row for result in record.raced for row in result.acquisitions),
            general=tuple(change for result in record.raced for change in result.changes),
        )


def candidate_plans(models: ModelsUnderTest) -> list[MergePlan]:
    """Return the plans of the project's candidates, checked together with the search's first.

    Raises:
        LexgraftError: one of them is no merge of these models.
    """
    settings, seed = models.project.merge, models.project.seed
    plans = [models.foreseen_plan(candidate) for candidate in settings.candidates]
    if settings.search:
        models.foreseen_plan(propose(settings.search, [], seed))
    return plans


def _solving(models: ModelsUnderTest) -> ComputeWork:
    """Return the work of solving what every guided candidate has learnt."""
    settings = models.project.merge
    guided = [c for c in settings.candidates if METHODS[c.method].learns]
    trials = _trials(settings) if settings.search and METHODS[settings.search.method].learns else 0
    thin = all(isinstance(model.source, Adapter) for model in models.input_models.values())
    return solving_work(models.base, thin=thin).times(len(guided) + trials)


def winner(models: ModelsUnderTest, race: RaceResult) -> EvaluatedModel:
    """Return the winning merge under its own name."""
    best = race.best()
    return EvaluatedModel(best.name, models.base, models.merge_plan(best.candidate))


def _trials(settings: MergeSettings) -> int:
    return settings.search.trials if settings.search else 0


def _candidate(
    settings: MergeSettings, seed: int, number: int, searched: Sequence[tuple[Candidate, float]]
) -> tuple[str, Candidate]:
    """Return the name and the recipe of the candidate of this number; the search's come last."""
    if number < len(settings.candidates):
        candidate = settings.candidates[number]
        return name_of(candidate, settings.candidates), candidate
    assert settings.search is not None  # there are trials
    candidate = propose(settings.search, searched, seed)
    return f"evolved {candidate.method} {len(searched) + 1}", candidate


def name_of(candidate: Candidate, candidates: Sequence[Candidate]) -> str:
    """Return the method's name, with the parameters where a method occurs twice."""
    if [rival.method for rival in candidates].count(candidate.method) == 1:
        return candidate.method
    return f"{candidate.method} {candidate.parameters}"


def _parameters(candidate: Candidate) -> dict[str, Any]:
    """Return the parameters that a reader is shown, with the share where it is not all."""
    share = {} if candidate.share == 1 else {"share": candidate.share}
    return {**candidate.parameters, **share}


def within_budget(models: ModelsUnderTest, material: Material, candidate: Candidate) -> Candidate:
    """Return a candidate walked back until the budget holds on `choose` texts, if there is one."""
    budget, texts = models.project.merge.loss_budget, material.texts["choose"]
    if budget is None or not texts:
        return candidate
    recipient = models.bits(models.parents["G"], "choose", texts)
    context = comparison_context(material, "choose")

    def losses(walked: Candidate) -> Losses:
        subject = EvaluatedModel(candidate.method, models.base, models.merge_plan(walked))
        scores = recipient, models.bits(subject, "choose", texts)
        return register_losses(context.documents, scores)

    return walked_back(candidate, losses, budget)


def _scouts(experiment: Experiment, alpha: float) -> list[Callable[[ModelsUnderTest], None]]:
    """Return what tries each of the project's candidates, however far the others are."""
    project, material = experiment.project, experiment.material
    board = _Board(project.gates.merge.general_loss)
    _ = material.testset, material.texts  # built before several look

    def scout(number: int, candidate: Candidate, models: ModelsUnderTest) -> None:
        name = name_of(candidate, project.merge.candidates)
        leader = partial(board.leader, number)
        board.add(number, _tried(models, material, name, candidate, leader, alpha))

    return [partial(scout, *numbered) for numbered in enumerate(project.merge.candidates)]


def _tried(
    models: ModelsUnderTest,
    material: Material,
    name: str,
    candidate: Candidate,
    leader: Callable[[], _Tried | None],
    alpha: float,
) -> _Tried:
    """Return what a candidate gives, walked back as well where that is asked for."""
    budget = models.project.merge.loss_budget
    rival = leader if budget is None else lambda: None  # the front wants all of it
    first, certainty = _run(models, material, name, candidate, rival, alpha)
    within = within_budget(models, material, candidate)
    if within == candidate:
        return _Tried(first, first, certainty)
    name = f"{name} × {within.share:.2f}"
    result, certainty = _run(models, material, name, within, leader, alpha)
    return _Tried(first, result, certainty)


def _run(
    models: ModelsUnderTest,
    material: Material,
    name: str,
    candidate: Candidate,
    leader: Callable[[], _Tried | None],
    alpha: float,
) -> tuple[CandidateResult, Mapping[str, float]]:
    """Return a candidate's findings, and how certain it was of each concept."""
    parents = parents_results(models, material, "choose")
    context = comparison_context(material, "choose")
    subject = EvaluatedModel(name, models.base, models.merge_plan(candidate))
    texts = models.bits(subject, "choose", material.texts["choose"])
    terms, dropped = list[GradedItem](), False
    in_blocks = blocks(material.testset.items["choose"])
    models.ahead([partial(_ask_terms, subject, block) for block in in_blocks], spare=True)
    for block in in_blocks:
        terms += grade(block, _ask_terms(subject, block, models))
        rival = leader()
        dropped = rival is not None and beaten(_certainty(terms, context), rival.certainty, alpha)
        if dropped:
            break
    results = SplitResults(name, terms, [], texts)
    lost = changes(results, parents["G"], context, None, "choose")
    result = CandidateResult(
        name=name,
        candidate=candidate,
        digest=subject.digest,
        objective=objective(results.terms, context),
        scores=scores_of(results, context),
        acquisitions=acquisitions(results, parents["G"], parents["D"], context, "choose"),
        changes=lost,
        point=point(results, parents, context, "candidate"),
        front=_front_point(results, parents["G"], context, lost, walked=candidate.share != 1),
        dropped=dropped,
    )
    return result, _certainty(terms, context)


def _ask_terms(
    subject: EvaluatedModel, block: Sequence[Item], models: ModelsUnderTest
) -> list[Answer]:
    return models.answers(subject, "choose terms", block)


def _front_point(
    results: SplitResults,
    recipient: SplitResults,
    context: ComparisonContext,
    lost: Sequence[AbilityChange],
    *,
    walked: bool,
) -> FigurePoint:
    """Return what a candidate gains in P(right option) against its worst change of ability."""
    pair = context.targets(results.terms)[0]
    gained = gain(recipient.terms, results.terms, pair, context)
    losses = [change for change in lost if change.name == ABILITY]
    worst = min(losses, key=lambda change: change.value, default=None)
    ability = (
        Interval(worst.value, worst.low, worst.high, worst.n) if worst else Interval(0, 0, 0, 0)
    )
    return FigurePoint(
        "walked" if walked else "candidate",
        "choose",
        gained.score(TARGET_GAIN, results.name, pair),
        ability.score(ABILITY, results.name, worst.group if worst else ""),
    )


def beaten(certainty: Mapping[str, float], leader: Mapping[str, float], alpha: float) -> bool:
    """Return whether the leader is shown to be surer, over the concepts asked so far in order."""
    differences = (leader[concept] - share for concept, share in certainty.items())
    return first_above(differences, 0.0, alpha).decided


def blocks(items: Sequence[Item]) -> list[list[Item]]:
    """Return the items of `BLOCK` concepts at a time, in an order that no answer has influenced."""
    concepts = sorted({item.concept for item in items}, key=lambda concept: digest("race", concept))
    block_of = {concept: number // BLOCK for number, concept in enumerate(concepts)}
    count = max(block_of.values(), default=0) + 1
    return [[item for item in items if block_of[item.concept] == number] for number in range(count)]


def best_of(raced: Sequence[CandidateResult], margin: float) -> CandidateResult:
    """Return the winner: the highest objective within the margin of general ability, or the safest.

    `margin` is the largest relative loss allowed; candidates that were dropped do not win.
    """
    within = [result for result in raced if _is_within(result, margin) and not result.dropped]
    if within:
        return max(within, key=lambda result: result.objective)
    return max(raced, key=_worst_change)


def _certainty(terms: Sequence[GradedItem], context: ComparisonContext) -> dict[str, float]:
    """Return concept → mean P(right option) in the directions that candidates are raced on."""
    pairs = context.targets(terms)
    return probabilities([term for term in terms if term.pair in pairs])


def _is_within(result: CandidateResult, margin: float) -> bool:
    return _worst_change(result) >= -margin


def _worst_change(result: CandidateResult) -> float:
    """Return the worst change of bits per byte (negative: a rise), 0 where none was measured."""
    return min((change.value for change in result.changes if change.name == ABILITY), default=0.0)
