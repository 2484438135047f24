"""Ranks candidates by what a few dozen sentences make of them, before any is asked."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from lexgraft.adoption.guided_texts import questions
from lexgraft.adoption.material import Material
from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.adoption.stages.merge_race import MergeRace, RaceResult, name_of
from lexgraft.files.run_folder import RunFolder, hold
from lexgraft.models.last_states import States, distance, last_states, progress_towards
from lexgraft.project import Project, inputs_of
from lexgraft.records import Progress, Score, silent
from lexgraft.stats.rank_correlation import spearman

SENTENCES = 24  # of each kind
CHARACTERS = 200  # of a general text
TOWARDS, AWAY, BOTH = "towards D with gain", "away from G with loss", "both with the race"


class ProbedCandidate(Struct, frozen=True, forbid_unknown_fields=True):
    """One candidate by its activations alone."""

    name: str
    towards: float  # on questions about terms: how far of the way from G to D
    away: float  # on general text: distance from G, relative to G

    @property
    def per_harm(self) -> float:
        """Return how far towards D a unit of distance from G brings it."""
        return self.towards / self.away if self.away else 0.0


class ActivationProbe(Struct, frozen=True, forbid_unknown_fields=True):
    """The candidates, best first, and how well their order tells what a race has found."""

    sentences: int
    candidates: tuple[ProbedCandidate, ...]
    agreement: tuple[Score, ...] = ()  # Spearman's coefficient; none before a race


class _Sentences(NamedTuple):
    """What every model reads: questions about `choose` terms, and general text."""

    terms: list[str]
    general: list[str]


def probe(project: Project, progress: Progress = silent) -> ActivationProbe:
    """Return a project's candidates ranked by activations, best first, and whether a race agrees.

    A candidate should move towards D where terms are asked for, and stay with G on general text:
    the last layer's states over a few dozen sentences say how far it does either. No question is
    scored. Candidates that learn need the stage `learn` to have run.

    Raises:
        LexgraftError: another run holds the project's folder; models that cannot be merged.
    """
    with hold(Path(project.output), inputs_of(project)) as run:
        models = ModelsUnderTest(project, run.path, progress)
        sentences = _sentences(models, Material(project, run.path, progress))
        parents = {name: _states(models, models.parents[name], sentences) for name in ("G", "D")}
        probed = tuple(
            _probed(name, _states(models, subject, sentences), parents)
            for name, subject in _candidates(models)
        )
        count = len(sentences.terms) + len(sentences.general)
        ranked = sorted(probed, key=lambda one: -one.per_harm)
        return ActivationProbe(count, tuple(ranked), tuple(_agreement(run, probed)))


def _sentences(models: ModelsUnderTest, material: Material) -> _Sentences:
    prompts = [texts[0] for texts in questions(material, models.frame) if texts]
    documents = [text for _, texts in material.texts["choose"] for text in texts]
    general = [document.text[:CHARACTERS] for document in documents]
    return _Sentences(_spread(prompts), _spread(general))


def _spread(texts: Sequence[str]) -> list[str]:
    """Return `SENTENCES` of the texts, evenly spaced, so that each language is among them."""
    count = min(SENTENCES, len(texts))
    return [texts[number * len(texts) // count] for number in range(count)]


def _candidates(models: ModelsUnderTest) -> Iterator[tuple[str, EvaluatedModel]]:
    listed = models.project.merge.candidates
    for candidate in listed:
        name = name_of(candidate, listed)
        yield name, EvaluatedModel(name, models.base, models.merge_plan(candidate))


def _states(
    models: ModelsUnderTest, subject: EvaluatedModel, sentences: _Sentences
) -> dict[str, States]:
    model = models.live(subject)
    models.progress(f"{subject.name}: sentences", 0, 1)
    read = {
        kind: last_states(model.module, [model.encode(text) for text in texts])
        for kind, texts in sentences._asdict().items()
        if texts
    }
    models.progress(f"{subject.name}: sentences", 1, 1)
    return read


def _probed(
    name: str, read: Mapping[str, States], parents: Mapping[str, Mapping[str, States]]
) -> ProbedCandidate:
    recipient, donor = parents["G"], parents["D"]
    return ProbedCandidate(
        name,
        progress_towards(recipient["terms"], read["terms"], donor["terms"]),
        distance(recipient["general"], read["general"]) if "general" in read else 0.0,
    )


def _agreement(run: RunFolder, probed: Sequence[ProbedCandidate]) -> Iterator[Score]:
    """Yield how the probe's figures rank with a race's, if there was one of these candidates."""
    race = run.last(MergeRace.name, RaceResult)
    if race is None:
        return
    as_given = {one.name: one.front for one in (*race.raced, *race.unwalked)}
    raced = {one.name.partition(" × ")[0]: one.front for one in race.raced}
    named = [one for one in probed if one.name in as_given and one.name in raced]
    pairs = {
        TOWARDS: ([p.towards for p in named], [as_given[p.name].acquisition.value for p in named]),
        AWAY: ([p.away for p in named], [-as_given[p.name].retention.value for p in named]),
        BOTH: ([p.per_harm for p in named], [raced[p.name].acquisition.value for p in named]),
    }
    for name, (foretold, measured) in pairs.items():
        yield spearman(foretold, measured).score(name, "candidates", "choose")
