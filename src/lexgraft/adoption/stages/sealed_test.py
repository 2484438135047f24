"""Stage sealed: the model that is written, on concepts that were never looked at, once."""

from msgspec import Struct, structs

from lexgraft.adoption.cost import ComputeWork
from lexgraft.adoption.experiment import Experiment
from lexgraft.adoption.gains import gain_criteria
from lexgraft.adoption.material import Material
from lexgraft.adoption.metrics import SplitResults, acquisitions, scores_of
from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.adoption.report.report_record import AcquisitionCounts
from lexgraft.adoption.split_results import comparison_context
from lexgraft.adoption.stages.measure import asked_controls
from lexgraft.adoption.stages.merge_race import RaceResult, winner
from lexgraft.adoption.stages.stage import Results, Stage
from lexgraft.adoption.stages.tuning import (
    TuningResult,
    recipient_tuned,
    tune_settings,
    tuned_winner,
    winner_folder,
)
from lexgraft.adoption.verdict_text import verdict_of
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.grade import grade
from lexgraft.evaluation.measures import RECIPIENT_TUNED
from lexgraft.files.sealed_concepts import (
    SealedOpening,
    askable_sealed,
    open_sealed,
    openings,
)
from lexgraft.records import Item, Score, Verdict, digest

SEALED = "sealed"
TITLE = {"en": "Sealed concepts", "ja": "未開封の最終確認用の用語"}  # alone, the name is a split's


class SealedTestResult(Struct, frozen=True, forbid_unknown_fields=True):
    """The model that is written on the sealed concepts, asked once."""

    verdict: Verdict
    scores: tuple[Score, ...]
    acquisitions: tuple[AcquisitionCounts, ...]


class SealedTest(Stage[SealedTestResult]):
    """Confirms what is about to be shipped, if the user opens the sealed concepts for it."""

    name = gate = SEALED
    record = SealedTestResult
    after_the_end = True

    def estimate(self, experiment: Experiment) -> tuple[ComputeWork, ...]:
        """Return nothing: whether they are opened is decided by hand, after the other stages."""
        return ()

    def runs(self, experiment: Experiment, earlier: Results) -> bool:
        """Return whether they are to be opened for this model, or were before.

        Raises:
            LexgraftError: they are to be opened and nothing passed.
        """
        if earlier.decision.model == "recipient":
            if experiment.opens_sealed:
                raise LexgraftError(
                    "no stage passed, so there is nothing to confirm: "
                    "the sealed concepts stay closed",
                    where=str(experiment.folder),
                    cure="leave --open-sealed out to see the report",
                )
            return False
        subject = written_model(experiment.models, experiment.material, earlier)
        opened = openings(experiment.folder / "testset")
        return experiment.opens_sealed or any(
            opening.result == subject.digest for opening in opened
        )

    def inputs(self, experiment: Experiment, earlier: Results) -> tuple[object, ...]:
        """Return the model that is written."""
        return (written_model(experiment.models, experiment.material, earlier).digest,)

    def run(self, experiment: Experiment, earlier: Results) -> SealedTestResult:
        """Return the model's findings on the sealed concepts; the opening is recorded before.

        No model was taught these concepts: whichever it is, its terms are judged by the merge's
        gate, against the controls of its own recipe.

        Raises:
            LexgraftError: the concepts were opened before, for another model.
        """
        models, material = experiment.models, experiment.material
        subject, parents = written_model(models, material, earlier), models.parents
        folder, gates = experiment.folder / "testset", experiment.project.gates
        items = opened_items(experiment, subject)
        open_sealed(
            folder,
            SealedOpening(
                name=subject.name,
                result=subject.digest,
                references=tuple(parent.digest for parent in parents.values()),
                concepts=tuple(dict.fromkeys(item.concept for item in items)),
                gates=digest(gates),
            ),
        )
        results = {
            name: SplitResults(
                model.name, grade(items, models.answers(model, "sealed terms", items)), [], []
            )
            for name, model in {**parents, "result": subject}.items()
        }
        context = comparison_context(material, "confirm")._replace(documents=())
        result, language, domain = results["result"], results["G"], results["D"]
        target = experiment.project.languages.target
        into = [item for item in items if item.answer_language == target]
        controls = asked_controls(models, _controls(models, material, earlier), into, "sealed")
        requirements = gain_criteria(result, language, controls, context, gates.merge)
        return SealedTestResult(
            verdict=verdict_of(SEALED, requirements, TITLE),
            scores=tuple(
                score
                for model_results in results.values()
                for score in scores_of(model_results, context)
            ),
            acquisitions=acquisitions(result, language, domain, context, "sealed"),
        )


def opened_items(experiment: Experiment, subject: EvaluatedModel) -> list[Item]:
    """Return the items of the sealed concepts that a result may be asked, or was."""
    models, testset = experiment.models, experiment.material.testset
    references = [parent.digest for parent in models.parents.values()]
    sealed = [concept.id for concept in testset.concepts["sealed"]]
    folder = experiment.folder / "testset"
    concepts = askable_sealed(folder, subject.digest, references, sealed)
    return [item for item in testset.items["sealed"] if item.concept in concepts]


def _controls(
    models: ModelsUnderTest, material: Material, earlier: Results
) -> dict[str, EvaluatedModel]:
    """Return the controls of the model that is written."""
    if earlier.decision.model != "tuned":
        return models.ablations(earlier.need(RaceResult).best().candidate)
    onto, tuning = winner_folder(models, earlier), earlier.need(TuningResult)
    settings = structs.replace(
        tune_settings(models.project), scale=tuning.scale, keep_weight=tuning.keep_weight
    )
    return {RECIPIENT_TUNED: recipient_tuned(models, material, onto, settings)}


def require_sealed(material: Material) -> None:
    """Refuse an adoption that is to open sealed concepts and has none.

    Raises:
        LexgraftError: the project keeps no concept sealed.
    """
    if not material.testset.items["sealed"]:
        raise LexgraftError("no concept is sealed", cure="say how many are: `testset.sealed: 100`")


def written_model(models: ModelsUnderTest, material: Material, earlier: Results) -> EvaluatedModel:
    """Return the model that the decision says is written."""
    model = earlier.decision.model
    if model == "merge":
        return winner(models, earlier.need(RaceResult))
    if model == "tuned":
        return tuned_winner(models, material, earlier)
    return models.parents["G"]
