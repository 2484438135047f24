"""A first project: from models and a glossary to settings that the plan accepts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lexgraft.adoption.followed_advice import following_advice
from lexgraft.adoption.gate_chances import GateChance
from lexgraft.errors import LexgraftError
from lexgraft.files.shipped_texts import shipped_file
from lexgraft.project import Form, Project, project_from
from lexgraft.records import Concept, Progress, silent
from lexgraft.terms.readers import read_concepts
from lexgraft.terms.readers.project_options import options_of
from lexgraft.terms.testset.eligible_concepts import choose_concepts, require_language

CANDIDATES = ("linear", "ties", "layer_swap")
CHOOSE, CONFIRM, SEALED = 200, 400, 400  # concepts, at most
FEWEST_SEALED = 100
TAUGHT, GLOSSARY, GENERATED = 50, 120, 40


class ProjectRequest(NamedTuple):
    """What a user says of a first project; paths as they are written into it."""

    name: str
    models: Mapping[str, str]  # base, language, domain
    terms: tuple[str, ...]
    source: str  # the language in which the domain model knows the words
    target: str  # the language in which they should arrive
    output: str
    tables: Mapping[str, Any] = {}  # what `terms.tables` says, where it differs from the defaults
    leave_out_refused: bool = False  # go on without rows that cannot be used


class FirstProject(NamedTuple):
    """The settings, and what a reader should know of how they came about."""

    settings: dict[str, Any]
    asked: int  # concepts that can be asked for
    passed_over: Mapping[str, int]  # reason → concepts that cannot
    notes: tuple[str, ...]
    gates: tuple[GateChance, ...]


def languages_in(concepts: Sequence[Concept]) -> dict[str, int]:
    """Return language → concepts with a term in it, the most first."""
    counts = Counter(tag for concept in concepts for tag in {t.language for t in concept.terms})
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def first_project(
    request: ProjectRequest, file: Path, *, download: bool = False, progress: Progress = silent
) -> FirstProject:
    """Return a project for these models and terms that passes the plan, none of its gates hopeless.

    What the plan would advise is followed: numbers that there are, thresholds that they serve.
    Nothing is written. `file` is where the project will stand.

    Raises:
        LexgraftError: the terms or the models cannot be used, or too few concepts can be asked for.
    """
    settings = _begun(request)
    read = project_from({**settings, "testset": {"forms": _forms(request)[0]}}, file)
    options = options_of(read.terms.tables, (request.source, request.target))
    concepts = read_concepts(
        [Path(name) for name in read.terms.files],
        options,
        leave_out_refused=request.leave_out_refused,
    )
    for language in (request.source, request.target):
        require_language(concepts, language, ", ".join(request.terms))
    forms, asked, passed_over = _best_forms(concepts, read, request)
    settings["testset"] = {"forms": forms, **_counts(asked)}
    settings["tune"]["terms"] = min(TAUGHT, settings["testset"]["choose"])
    settings["glossary"]["concepts"] = min(GLOSSARY, settings["testset"]["confirm"])
    notes = _general(settings, request)
    gates, told = following_advice(settings, file, download=download, progress=progress)
    return FirstProject(settings, asked, passed_over, (*notes, *told), gates)


def _begun(request: ProjectRequest) -> dict[str, Any]:
    """Return the settings that nothing has to be counted for."""
    terms: dict[str, Any] = {"files": list(request.terms)}
    terms |= {"tables": dict(request.tables)} if request.tables else {}
    terms |= {"refused": "leave-out"} if request.leave_out_refused else {}
    return {
        "name": request.name,
        "models": dict(request.models),
        "languages": {"target": request.target, "domain": request.source},
        "terms": terms,
        "testset": {},
        "merge": {"candidates": [{"method": method} for method in CANDIDATES]},
        "glossary": {},
        "tune": {},
        "output": request.output,
    }


def _forms(request: ProjectRequest) -> list[list[dict[str, str]]]:
    """Return the sets of forms to choose from: by definitions in either language, by terms."""
    source, target = request.source, request.target

    def form(kind: str, question: str, answer: str) -> dict[str, str]:
        return {"kind": kind, "question": question, "answer": answer}

    ways = [
        [form("definition-to-term", language, source), form("definition-to-term", language, target)]
        for language in (source, target)
    ]
    return [*ways, [form("term-to-term", source, target)]]


def _best_forms(
    concepts: Sequence[Concept], project: Project, request: ProjectRequest
) -> tuple[list[dict[str, str]], int, dict[str, int]]:
    """Return the forms that most concepts can be asked in, definitions before mere translation.

    Definitions are preferred where they serve half as many concepts: they ask for knowledge.

    Raises:
        LexgraftError: hardly a concept can be asked for in any form.
    """
    counted: list[tuple[list[dict[str, str]], int, dict[str, int]]] = []
    for forms in _forms(request):
        records = [Form(**form) for form in forms]  # pyright: ignore[reportArgumentType]
        eligible = choose_concepts(concepts, project.terms, records, request.source)
        counted.append((forms, len(eligible.usable), eligible.refused))
    largest = max(count for _, count, _ in counted)
    best = next(way for way in counted if way[1] * 2 >= largest)
    least = 4 * project.testset.options
    if best[1] < least:
        reasons = "; ".join(f"{count} × {reason}" for reason, count in best[2].items())
        needed = f"{best[1]} of {len(concepts)} concepts can be asked for, {least} are needed"
        raise LexgraftError(
            f"{needed}: {reasons}" if reasons else needed,
            where=", ".join(request.terms),
            cure="give more terms in both languages, or check the columns with "
            "`lexgraft terms import`",
        )
    return best


def _counts(asked: int) -> dict[str, int]:
    """Return how many concepts choose, confirm and stay sealed."""
    choose = min(CHOOSE, asked // 3)
    confirm = min(CONFIRM, asked - choose)
    left = asked - choose - confirm
    return {
        "choose": choose,
        "confirm": confirm,
        "sealed": min(SEALED, left) if left >= FEWEST_SEALED else 0,
        "generated": min(GENERATED, confirm),
    }


def _general(settings: dict[str, Any], request: ProjectRequest) -> list[str]:
    """Name the texts for general ability: shipped ones, or none where the target has none."""
    if shipped_file(request.target):
        return []
    settings["general"] = {"texts": []}
    missing = f"no running text comes with lexgraft in `{request.target}`"
    return [f"{missing}: what general ability is lost is not seen until `general.texts` names some"]
