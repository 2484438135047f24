"""Stage spoken: do the models write the words, as answers and in sentences, with the glossary?"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from lexgraft.adoption.cost import ComputeWork, work_of_items
from lexgraft.adoption.experiment import Experiment
from lexgraft.adoption.stages.merge_race import RaceResult, winner
from lexgraft.adoption.stages.stage import ReportPart, Results, Stage
from lexgraft.adoption.stages.tuning import TuningResult, tuned_winner
from lexgraft.adoption.words_asked import asked_words, glossary_blocks, words_asked
from lexgraft.evaluation.measures import PROPER, RECIPIENT
from lexgraft.evaluation.words_written import (
    WRITTEN_TOKENS,
    WordsWritten,
    written_word_scores,
)
from lexgraft.project import Project
from lexgraft.records import Score
from lexgraft.terms.text.token_estimate import tokens_of

SUBJECTS = 4  # G, D, the merge and the tuned merge; of these G and the merge with the glossary too
BLOCK_TOKENS = 80  # of two entries with their frame


class SpokenResult(Struct, frozen=True, forbid_unknown_fields=True):
    """What G, D, the merge and the tuned merge wrote, and two of them with the glossary."""

    scores: tuple[Score, ...]


class Spoken(Stage[SpokenResult]):
    """Counts the words that models write; it judges nothing."""

    name = "spoken"
    record = SpokenResult
    needs = ("merge",)
    after_the_end = True  # it is about models that have been judged

    def planned(self, project: Project) -> bool:
        """Return whether words are asked to be written."""
        return bool(project.testset.written)

    def estimate(self, experiment: Experiment) -> tuple[ComputeWork, ...]:
        """Return the work of every model without the glossary, and of two with it.

        Raises:
            LexgraftError: what `words_asked` refuses.
        """
        questions = words_asked(experiment.material, experiment.project.testset.written)
        work, prompts = work_of_items(questions.cut()), 0
        for task, by_concept in questions.prompts().items():
            read = sum(map(tokens_of, by_concept.values()))
            written = len(by_concept) * WRITTEN_TOKENS[task]
            work += ComputeWork(read + written, written)
            prompts += len(by_concept)
        block = ComputeWork((prompts + len(questions.concepts)) * BLOCK_TOKENS, 0)
        models = SUBJECTS - (experiment.project.tune is None)
        return (work.times(models + 2) + block.times(2),)

    def inputs(self, experiment: Experiment, earlier: Results) -> tuple[object, ...]:
        """Return the winner and the tuned merge."""
        tuning = earlier.find(TuningResult)
        tuned = tuning.digest if tuning else ""
        return (winner(experiment.models, earlier.need(RaceResult)).digest, tuned)

    def run(self, experiment: Experiment, earlier: Results) -> SpokenResult:
        """Return what every model wrote, against G with the same prompt."""
        models, material = experiment.models, experiment.material
        questions = words_asked(material, experiment.project.testset.written)
        merge = winner(models, earlier.need(RaceResult))
        subjects = [models.parents[RECIPIENT], models.parents["D"], merge]
        if earlier.find(TuningResult):
            subjects.append(tuned_winner(models, material, earlier))
        alone = {subject.name: asked_words(models, subject, questions) for subject in subjects}
        blocks = glossary_blocks(material, questions)
        served = {
            f"{subject.name}, {PROPER}": asked_words(models, subject, questions, blocks)
            for subject in (subjects[0], merge)  # G: what the glossary does without the merge
        }
        alpha, families = models.project.gates.alpha, material.families
        return SpokenResult(
            tuple(
                score
                for name, words, recipient in compared(alone, served)
                for score in written_word_scores(
                    name, questions.pair, words, recipient, alpha, families
                )
            )
        )

    def report(self, experiment: Experiment, record: SpokenResult) -> ReportPart:
        """Return the scores."""
        return ReportPart(written=record.scores)


def compared(
    alone: Mapping[str, WordsWritten], served: Mapping[str, WordsWritten]
) -> Iterator[tuple[str, WordsWritten, WordsWritten]]:
    """Yield each model by name, with what it wrote and what G did with the same prompt.

    G with the glossary stands against G without: what the entries do without a merge. A merge with
    the glossary stands against G with it: what the merge does for whoever has the glossary.
    """
    with_entries = f"{RECIPIENT}, {PROPER}"
    for name, words in alone.items():
        yield name, words, alone[RECIPIENT]
    for name, words in served.items():
        yield name, words, alone[RECIPIENT] if name == with_entries else served[with_entries]
