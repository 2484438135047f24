"""Which merge, tuning, glossary makes the donor's words spoken in Japanese, how many, at what harm.

    python -P benchmarks/spoken.py --run runs/medical-ja

Takes models, terms, statistics and tuned adapter of a run of examples/medical-ja (`make demo`),
only read. Concepts are `confirm` ones with different terms in both languages. Models name terms
by definitions (as the test asks; after lessons that show how), translate single words, translate
sentences, and go on with translations cut before the term, both after two sentences that show how;
the last also by log-probability against another term of the field. Then with the glossary's entry
in the prompt. Differences to G are paired by concept. Figures go to the terminal as they come and
to spoken.json of the output.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from shutil import copytree
from time import perf_counter, process_time
from typing import Any

from msgspec import json as records
from msgspec.structs import replace

sys.path.append(str(Path(__file__).parent))

from told_figures import numbers, say

from lexgraft.adoption.material import Material
from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.adoption.stages.tuning import TuningResult, merged_folder, scaled
from lexgraft.adoption.words_asked import (
    Blocks,
    WordsAsked,
    asked_words,
    glossary_blocks,
    no_blocks,
    words_asked,
)
from lexgraft.evaluation.general_texts import bits_per_byte
from lexgraft.evaluation.output_language import in_language
from lexgraft.evaluation.term_grade import RIGHT, grade_term
from lexgraft.evaluation.term_in_sentence import line_of
from lexgraft.evaluation.words_written import (
    TASKS,
    WRITTEN_TOKENS,
    WordsWritten,
    written_word_scores,
)
from lexgraft.files.run_folder import hold
from lexgraft.project import Candidate, Form, Project, inputs_of, read_project
from lexgraft.records import TextScore, silent, write_bytes
from lexgraft.stats.paired import paired_shares, share_right
from lexgraft.terms.testset.question_wordings import wording
from lexgraft.terms.wordings.filled_text import closed, filled
from lexgraft.terms.wordings.language_file import frame_of, language_name
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint

ROOT = Path(__file__).parents[1]
LESSONS, LESSON_TOKENS = 4, 10  # shown before a definition, in one wording; of an answer
NAMES = ["G", "linear", "guided", "tuned"]
CONDITIONS = [*NAMES, *(f"{name}+glossary" for name in NAMES)]
GUIDED = Candidate("guided_inputs")


def main() -> None:
    """Ask every model, and tell what it wrote."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, default=ROOT / "runs" / "medical-ja")
    parser.add_argument("--concepts", type=int, default=104)
    parser.add_argument("--conditions", nargs="*", default=CONDITIONS, help="G first")
    parser.add_argument("--lessons", action="store_true", help="name terms after lessons, too")
    parser.add_argument("--words", nargs="*", default=CONDITIONS, help="asked for single words")
    parser.add_argument(
        "--texts", nargs="*", default=["G", "guided"], help="whose harm is measured"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "runs" / "spoken")
    arguments = parser.parse_args()
    example = read_project(ROOT / "examples" / "medical-ja" / "project.yaml")
    compute = replace(example.compute, threads=arguments.threads)
    project = replace(example, name="spoken", output=str(arguments.output), compute=compute)
    with hold(Path(project.output), inputs_of(project)) as run:
        _measure(project, run.path, arguments)


def _measure(project: Project, folder: Path, arguments: argparse.Namespace) -> None:
    if not (folder / "learnt").exists():
        copytree(arguments.run / "learnt", folder / "learnt")
    models, material = ModelsUnderTest(project, folder, silent), Material(project, folder, silent)
    asked = words_asked(material, arguments.concepts)
    table = _Table(models, material, asked, lessons=arguments.lessons)
    blocks = glossary_blocks(material, asked)
    subjects = dict(_subjects(models, arguments.run))
    for condition in arguments.conditions:
        name, glossary, _ = condition.partition("+glossary")
        if name in subjects:
            table.ask(condition, subjects[name], blocks if glossary else no_blocks)
            write_bytes(folder / "spoken.json", json.dumps(table.rows, ensure_ascii=False).encode())
    for condition in arguments.words:
        name, glossary, _ = condition.partition("+glossary")
        if name in subjects:
            table.ask_words(condition, subjects[name], blocks if glossary else no_blocks)
            write_bytes(folder / "spoken.json", json.dumps(table.rows, ensure_ascii=False).encode())
    for name in arguments.texts:
        table.read(name, subjects[name])
    write_bytes(folder / "spoken.json", json.dumps(table.rows, ensure_ascii=False).encode())


def _subjects(models: ModelsUnderTest, run: Path) -> Iterator[tuple[str, EvaluatedModel]]:
    """Yield G, D, both merges, and the tuned merge where the run has one."""
    yield from ((name, models.parents[name]) for name in ("G", "D"))
    merges = {
        name: EvaluatedModel(name, models.base, models.merge_plan(candidate))
        for name, candidate in (("linear", Candidate("linear")), ("guided", GUIDED))
    }
    yield from merges.items()
    record = run / "stages" / "tune.json"
    if record.is_file():
        tuning = records.decode(record.read_bytes(), type=TuningResult)
        plan = merges["guided"].plan
        assert plan is not None
        onto = EvaluatedModel("guided", open_checkpoint(merged_folder(models, plan)))
        yield "tuned", scaled(models, onto, run / "tuned" / tuning.folder, tuning.scale)


class _Table:
    """Rows of figures, one per model and way of asking, told as they come."""

    def __init__(
        self, models: ModelsUnderTest, material: Material, asked: WordsAsked, *, lessons: bool
    ) -> None:
        self._models, self._material, self._asked = models, material, asked
        self._lessons = _lesson_prompts(material, asked) if lessons else {}
        self._recipient: WordsWritten | None = None
        self._recipient_named: dict[str, bool] = {}
        self._recipient_words: dict[bool, dict[str, bool]] = {}  # with the glossary, and without
        self._texts: dict[str, list[TextScore]] = {}
        self.rows: dict[str, Any] = {"n": len(asked.concepts), "pair": asked.pair}
        say(f"{len(asked.concepts)} concepts, {len(asked.named)} with a definition")

    def ask(self, name: str, subject: EvaluatedModel, blocks: Blocks = no_blocks) -> None:
        """Ask one model, with what stands before prompts."""
        wall, processor = perf_counter(), process_time()
        tasks = TASKS if blocks is no_blocks else ("translated",)  # what a glossary is for
        words = asked_words(self._models, subject, self._asked, blocks, tasks)
        recipient = self._recipient = self._recipient or words
        families = self._material.families
        scores = written_word_scores(name, self._asked.pair, words, recipient, families=families)
        row = {score.name: numbers(score) for score in scores}
        if self._lessons and blocks is no_blocks:
            named = self._named_after_lessons(subject)
            self._recipient_named = self._recipient_named or named
            gained = paired_shares(self._recipient_named, named, parents=families).difference
            share = share_right(named, parents=families)
            for what, interval in (("", share), (", over G", gained)):
                row[f"named after lessons{what}"] = numbers(interval.score("", "", ""))
        self.rows[name] = row
        spent = f"{perf_counter() - wall:.0f} s, {process_time() - processor:.0f} CPU s"
        say(f"{name}: {spent}\n" + "".join(f"    {key:52} {row[key]}\n" for key in row))

    def ask_words(self, name: str, subject: EvaluatedModel, blocks: Blocks) -> None:
        """Ask one model for each term by its translation, a word for a word, as the test does."""
        form, processor = Form("term-to-term", "en", "ja"), process_time()
        concepts = self._asked.concepts
        prompts = [
            blocks(one) + wording(form, concept.names("en")[0], one, 0).context
            for one, concept in concepts.items()
        ]
        texts = self._models.generations(
            subject, f"words {name}", prompts, WRITTEN_TOKENS["completed"], "ja"
        )
        found = {
            one: grade_term(text.text, concept.names("ja")) in RIGHT
            for (one, concept), text in zip(concepts.items(), texts, strict=True)
        }
        shown = {
            one: in_language(line_of(text.text), "ja")
            for one, text in zip(concepts, texts, strict=True)
        }
        glossary = blocks is not no_blocks
        recipient = self._recipient_words.setdefault(glossary, found)
        self._recipient_words.setdefault(False, found)
        families = self._material.families
        row = {
            "word for word": share_right(found, parents=families),
            "over G": paired_shares(
                self._recipient_words[False], found, parents=families
            ).difference,
            "over G asked alike": paired_shares(recipient, found, parents=families).difference,
            "in the language": share_right(shown, parents=families),
        }
        ends = {one: prompt.endswith("「") for one, prompt in zip(concepts, prompts, strict=True)}
        for what, ended in (("after 「", True), ("after others", False)):
            some = {one: right for one, right in found.items() if ends[one] == ended}
            row[what] = share_right(some, parents=families)
        told = {what: numbers(interval.score("", "", "")) for what, interval in row.items()}
        self.rows[f"{name}, word for word"] = told
        say(f"{name}, word for word: {told}, {process_time() - processor:.0f} CPU s")

    def _named_after_lessons(self, subject: EvaluatedModel) -> dict[str, bool]:
        texts = self._models.generations(
            subject, "named after lessons", list(self._lessons.values()), LESSON_TOKENS, "ja"
        )
        return {
            concept: grade_term(one.text, self._asked.concepts[concept].names("ja")) in RIGHT
            for concept, one in zip(self._lessons, texts, strict=True)
        }

    def read(self, name: str, subject: EvaluatedModel) -> None:
        """Read the `choose` texts: bits per byte against G, by register."""
        limited = self._material.texts["choose"]
        documents = [text for _, texts in limited for text in texts]
        self._texts[name] = self._models.bits(subject, "choose", limited)
        bits, of_recipient = (
            {group: interval.value for group, interval in bits_per_byte(
                documents, self._texts[one], self._models.project.seed
            ).items()}
            for one in (name, "G")
        )  # fmt: skip
        change = {group: round(100 * (bits[group] / of_recipient[group] - 1), 2) for group in bits}
        self.rows[f"{name}, bits per byte against G in %"] = change
        say(f"{name}: bits per byte against G in % (plus is worse): {change}")


def _lesson_prompts(material: Material, asked: WordsAsked) -> Mapping[str, str]:
    """Return each concept's definition after some of `choose` ones with their terms."""
    form = Form("definition-to-term", "en", "ja")
    frame = frame_of(form)
    lesson = frame.lessons["definition-to-term"][1]
    names = {"answer_language": language_name(frame, "ja"), "question_language": "英語"}

    def put(definition: str) -> str:
        return filled(lesson.prompt, names | {"question": closed(definition, "en")})

    shown = [
        put(concept.definitions["en"]) + filled(lesson.answer, {"answer": concept.names("ja")[0]})
        for concept in material.testset.concepts["choose"][:LESSONS]
    ]
    return {
        name: "".join(shown) + put(asked.concepts[name].definitions["en"]) for name in asked.named
    }


if __name__ == "__main__":
    main()
