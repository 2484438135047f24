"""Shows with intervals that the example's two specialists are specialists.

    python examples/medical-ja/specialists.py [--concepts 300]

Asks base, G and D for English terms (definition → term, controlled distractors, two draws in
wordings that were not trained on; words that give the term away are masked) and reads held-out
running text with them.
"""

import argparse
import sys
from pathlib import Path

import msgspec

from lexgraft.adoption.material import Material
from lexgraft.adoption.metrics import ComparisonContext, SplitResults, scores_of
from lexgraft.adoption.models_under_test import ModelsUnderTest
from lexgraft.adoption.split_results import comparison_context, split_results
from lexgraft.cli import ProgressBars
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.definition_choice import MASK
from lexgraft.evaluation.general_texts import relative_change
from lexgraft.evaluation.grade import known, select, shares
from lexgraft.files.run_folder import hold
from lexgraft.project import Form, Project, TextSource, read_project
from lexgraft.records import Concept, read_lines, write_lines
from lexgraft.stats.intervals import Interval
from lexgraft.stats.paired import paired_means, paired_shares
from lexgraft.terms.testset.form_profile import gives_away

FOLDER = Path(__file__).resolve().parent
DATA = FOLDER.parents[1] / ".cache" / "medical-ja"
OWN = "en->en"


def main() -> None:
    """Print the three models' scores and the differences that make them specialists."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--concepts", type=int, default=300)
    given = parser.parse_args()
    project = narrowed(read_project(FOLDER / "project.yaml"), given.concepts)
    write_masked(project)
    with hold(Path(project.output)) as run, ProgressBars() as bars:
        models = ModelsUnderTest(project, run.path, bars)
        material = Material(project, run.path, bars)
        results = {
            name: split_results(models, material, parent, "confirm")
            for name, parent in models.parents.items()
        }
        context = comparison_context(material, "confirm")
    for result in results.values():
        for score in scores_of(result, context):
            print(line(f"{score.name}, {score.group}, {score.model}", Interval(*_four(score))))
    for name, difference in differences(results, context).items():
        print(line(name, difference))


def narrowed(project: Project, concepts: int) -> Project:
    """Return the project with English recognition and more running text only."""
    replace = msgspec.structs.replace
    testset = replace(
        project.testset,
        forms=(Form("definition-to-term", "en", "en"),),
        choose=1,
        confirm=concepts,
    )
    output = Path(project.output).with_name("specialists")
    held_out = (str(DATA / f"text-{language}.jsonl") for language in ("ja", "en"))
    files = (*held_out, *(text.file for text in project.general.texts))
    texts = tuple(TextSource(file, documents=36, tokens=128) for file in files)
    return replace(
        project,
        testset=testset,
        general=replace(project.general, texts=texts, concepts=(), forms=()),
        terms=replace(project.terms, files=(str(output / "terms.jsonl"),), max_definition_words=40),
        output=str(output),
    )


def write_masked(project: Project) -> None:
    """Write the terms with every word of a definition masked that gives its term away.

    Half of the definitions share a word with their term and would be refused; masked, they can
    still be asked, and are harder.
    """
    concepts = read_lines(Path(read_project(FOLDER / "project.yaml").terms.files[0]), Concept)
    write_lines(Path(project.terms.files[0]), [masked(concept) for concept in concepts])


def masked(concept: Concept) -> Concept:
    """Return the concept with such words of its English definition replaced by a blank."""
    names = concept.names("en")
    words = [
        MASK if any(gives_away(word, name) for name in names) else word
        for word in concept.definitions.get("en", "").split()
    ]
    return msgspec.structs.replace(concept, definitions={"en": " ".join(words)})


def differences(seen: dict[str, SplitResults], where: ComparisonContext) -> dict[str, Interval]:
    """Return D's gain in English terms and G's in running text, paired, with intervals."""
    found: dict[str, Interval] = {}
    for one, other in (("D", "G"), ("D", "base"), ("G", "base")):
        before, after = (select(seen[name].terms, pair=OWN) for name in (other, one))
        found[f"terms known, {one} - {other}"] = paired_shares(
            known(before), known(after), where.alpha
        ).difference
        found[f"single items right, {one} - {other}"] = paired_means(
            shares(before), shares(after), where.alpha
        )
    changed = relative_change(where.documents, seen["base"].texts, seen["G"].texts, where.alpha)
    found |= {f"bits per byte, {group}, G / base - 1": rise for group, rise in changed.items()}
    return found


def line(name: str, found: Interval) -> str:
    """Return one figure with its interval and n."""
    return f"{name}: {found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}], n = {found.n}"


def _four(score: object) -> tuple[float, float, float, int]:
    values = msgspec.to_builtins(score)
    return values["value"], values["low"], values["high"], values["n"]


if __name__ == "__main__":
    try:
        main()
    except LexgraftError as error:
        sys.exit(str(error))
