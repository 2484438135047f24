"""Stage learn: what general text and glossary questions use of the layers' inputs."""

from msgspec import Struct

from lexgraft.adoption.cost import ComputeWork
from lexgraft.adoption.data_sources import count_sources, rights_of
from lexgraft.adoption.experiment import Experiment
from lexgraft.adoption.guided_cost import reading_work
from lexgraft.adoption.guided_texts import (
    estimated_tokens,
    learning_methods,
    pieces_to_keep,
    questions,
    tokens_to_keep,
)
from lexgraft.adoption.learnt_inputs import learn_inputs
from lexgraft.adoption.stages.stage import ReportPart, Results, Stage
from lexgraft.adoption.validity import ValidityMark
from lexgraft.errors import LexgraftError
from lexgraft.project import Project


class LearnResult(Struct, frozen=True, forbid_unknown_fields=True):
    """What guided candidates are made with."""

    statistics: str  # digest of the folder `learnt`
    tokens: dict[str, int]  # of each set of texts
    concepts: int
    weights: int  # matrices that the donor may change
    left_out: tuple[str, ...] = ()  # that stay G's, for want of general text
    marks: tuple[ValidityMark, ...] = ()


class Learn(Stage[LearnResult]):
    """Learns for guided candidates where the donor may speak; no model is judged."""

    name = "learn"
    gate = "merge"
    record = LearnResult

    def planned(self, project: Project) -> bool:
        """Return whether a candidate learns."""
        return bool(learning_methods(project))

    def estimate(self, experiment: Experiment) -> tuple[ComputeWork, ...]:
        """Return the work of reading both sets of texts.

        Raises:
            LexgraftError: no general text, or a concept that is kept for the test.
        """
        material = experiment.material
        if not material.replay:
            raise LexgraftError(
                f"`{learning_methods(experiment.project)[0]}` has no general text to learn from",
                where="tune.replay_texts",
                cure="name files of Document there, of every register that is to be kept; what "
                "shares a sentence with `general.texts` is not taken",
            )
        general = min(
            estimated_tokens(pieces_to_keep(material)), tokens_to_keep(experiment.models.base)
        )
        by_concept = questions(material, experiment.models.frame)
        about_terms = estimated_tokens([text for texts in by_concept for text in texts])
        return (reading_work(experiment.models.base, general + about_terms),)

    def run(self, experiment: Experiment, earlier: Results) -> LearnResult:
        """Return what was learnt, from the run's folder where it is there."""
        learnt = experiment.models.with_models(learn_inputs, experiment.material)
        index = learnt.index
        return LearnResult(
            statistics=learnt.digest,
            tokens={"general": index.general.tokens, "questions": index.questions.tokens},
            concepts=len(index.questions.texts),
            weights=len(learnt.weights),
            left_out=learnt.left_out,
            marks=(_too_little(learnt.left_out, index.general.tokens),) if learnt.left_out else (),
        )

    def report(self, experiment: Experiment, record: LearnResult) -> ReportPart:
        """Return whose terms and texts were learnt from."""
        concepts = experiment.material.testset.concepts["choose"]
        texts = experiment.material.replay
        return ReportPart(
            sources=(
                *count_sources("train", map(rights_of, concepts)),
                *count_sources("replay", ((text.source, "", text.licence) for text in texts)),
            )
        )


def _too_little(names: tuple[str, ...], tokens: int) -> ValidityMark:
    count = len(names)
    return ValidityMark(
        "too little general text to learn from",
        {
            "en": f"{count} matrices stay the language model's: the {tokens:,} tokens of general "
            "text to learn from are fewer than their inputs.",
            "ja": f"学習用の一般文書が {tokens:,} トークンと少ないため、{count} 個の行列は"
            "言語モデルのままです。",
        },
    )
