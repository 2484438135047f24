"""Every public name, used as the docs do: strict type checkers must accept all of it.

Nothing here is run: `pyright` reads it as part of `make check`.
"""

from pathlib import Path
from typing import assert_type

import torch
from torch import Tensor

import lexgraft as lg
from lexgraft.adoption.planning import AdoptionPlan
from lexgraft.adoption.project_verbs import Adoption
from lexgraft.evaluation.comparison import Comparison
from lexgraft.evaluation.standalone import EvaluationRecord
from lexgraft.project import Project
from lexgraft.records import Term, Verdict
from lexgraft.terms.glossary.termbase import OpenGlossary
from lexgraft.terms.readers.read_terms import TermList
from lexgraft.terms.testset import TestSet
from lexgraft.tuning.train import TrainingResult
from lexgraft.weights.merge.manifest import Manifest
from lexgraft.weights.vocabulary.expand import VocabularyExpansion
from lexgraft.weights.vocabulary.expansion_plan import ExpansionSettings
from lexgraft.weights.vocabulary.fit.fit_settings import FitSettings


def told(what: str, done: int, total: int) -> None:
    """Take progress."""
    _ = f"{what} {done}/{total}"


def adopt_a_project() -> None:
    """Plan, adopt, tune."""
    project = lg.load_project("project.yaml", download=True)
    assert_type(project, Project)
    assert_type(lg.plan(project, progress=told), AdoptionPlan)
    result = lg.adopt(project, progress=told, open_sealed=True, underpowered=False)
    assert_type(result, Adoption)
    assert_type(result.verdicts, tuple[Verdict, ...])
    assert_type(result.model_dir, Path)
    _ = (result.recommendation["en"], result.report.digest, result.report_page, result.unchanged)
    assert_type(lg.tune(project, "tuned/"), TrainingResult)


def merge_models() -> None:
    """Merge to a folder and in memory, with a method of one's own."""
    manifest = lg.merge("recipe.yaml", "merged/", seed=1, memory=1 << 28, workers=4)
    assert_type(manifest, Manifest)
    assert_type(lg.merge(lg.load_project(Path("p.yaml")), Path("out"), method="ties"), Manifest)

    @lg.merge_method(paper="none")
    def halfway(base: Tensor, deltas: Tensor, context: object, *, weight: float = 0.5) -> Tensor:
        return base + weight * deltas.mean(0)

    base = torch.zeros(3)
    assert_type(lg.merge_tensors("halfway", base, [base + 1], weight=0.25), Tensor)
    assert_type(lg.merge_tensors("ties", base, {"a": base, "b": base}, density=0.2), Tensor)
    assert_type(halfway.__name__, str)


def read_ask_and_compare() -> None:
    """Read terms, build a test, ask models, compare them, use a glossary."""
    terms = lg.read_terms("用語集.csv", Path("more.tbx"), separators=("|",), languages=("en", "ja"))
    assert_type(terms, TermList)
    for concept in terms:
        assert_type(concept, lg.Concept)
    assert_type(terms.files[0].tally.read, int)
    assert_type(lg.Concept("1", (Term("heart", "en"),)).names("en"), tuple[str, ...])
    test = lg.build_testset(lg.load_project("project.yaml"), told)
    assert_type(test, TestSet)
    record = lg.evaluate("org/model", test, output="a/", split="confirm", texts="t.jsonl")
    assert_type(record, EvaluationRecord)
    lg.evaluate("http://host/v1#name", "testset/", output=Path("b"), written=True, seed=3)
    assert_type(lg.compare("a/", Path("b"), groups=["en->ja"], alpha=0.01), Comparison)
    glossary = lg.open_glossary("terms.csv", source="en", target="ja")
    assert_type(glossary, OpenGlossary)
    assert_type(glossary.prompt("The heart"), str)
    _ = (glossary.match("The heart"), glossary.check("心臓", "The heart").missed)


def expand() -> None:
    """Plan a vocabulary, and write one with fitted rows."""
    plan = lg.expand_vocabulary("model/", [lg.Concept("1", (Term("heart", "en"),))], progress=told)
    assert_type(plan, VocabularyExpansion)
    fit, settings = FitSettings(distil=700), ExpansionSettings(tokens=100, max_pieces=3)
    grown = lg.expand_vocabulary(
        Path("model"), ["terms.csv"], [("en", "a text")], "out/", settings=settings, fit=fit
    )
    _ = (grown.plan.report.words, grown.rows, grown.fit)


def mend(error: lg.LexgraftError) -> str:
    """Read an error."""
    return f"{error.where}: {error.what} → {error.cure}"
