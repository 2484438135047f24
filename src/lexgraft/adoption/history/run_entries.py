"""A finished run's folder → what a ledger keeps of it."""

from collections.abc import Sequence
from pathlib import Path

from lexgraft.adoption.history.ledger import ItemSet, LedgerConcept, ModelAnswers, Release
from lexgraft.adoption.report import read_report
from lexgraft.adoption.report.report_record import Report
from lexgraft.errors import LexgraftError, nearest
from lexgraft.evaluation.comparison import ItemResult, ModelRun
from lexgraft.evaluation.load_runs import AGAIN, EVERYDAY_GROUP, families_of_testset, read_run
from lexgraft.evaluation.measures import BITS, GENERAL, PARENTS, RECOGNITION
from lexgraft.files.checked_files import read_checked
from lexgraft.records import Concept, digest

_KEY = 16  # signs of an item's digest: enough to tell a hundred million items apart
_SHORTEST = 8  # signs of a digest that name a model
_ABILITY = (RECOGNITION, GENERAL, BITS)


def entries_of(folder: Path, model: str = "", project: str = "") -> tuple[ItemSet, Release]:
    """Return the items of a run, and the run with its models' answers to the `confirm` items.

    Args:
        folder: of an adoption, or of `lexgraft evaluate -o`.
        model: the name, or the beginning of the digest, of the one that is released; empty: the
            one that the adoption wrote, or the only one of an evaluation.
        project: whose release it is; empty: the adoption's.

    Raises:
        LexgraftError: no finished run, or an evaluation whose project is not named; nobody of
            that name answered, or several did.
    """
    if not folder.is_dir():
        cure = "give the folder of an adoption or of `lexgraft evaluate -o`"
        raise LexgraftError("no such folder", where=str(folder), cure=cure)
    report = _report_of(folder)
    if not (report or project):
        raise LexgraftError(
            "an evaluation does not say whose release it is",
            where=str(folder),
            cure="say --project-name NAME: only releases of one project are compared",
        )
    runs = read_run(folder)
    released = _released(runs, model, report, folder)
    names = {*PARENTS, report.result if report else ""} - {released.name}
    companions = [_only(runs, name, report, folder) for name in sorted(names)]
    models = sorted([released, *filter(None, companions)], key=runs.index)
    keys = {key: result for run in models for key, result in run.results.items()}
    items = _item_set(keys, _concepts(folder), families_of_testset(folder / "testset"))
    scores = report.scores if report else ()
    stages = report.run.stages if report else ()
    return items, Release(
        project=project or (report.project if report else ""),
        name=folder.resolve().name,
        written=report.run.written if report else "",
        findings=report.digest if report else digest(*(run.digest for run in models)),
        model=released.name,
        items=items.digest,
        models=tuple(ModelAnswers(run.name, run.digest, _signs(run, keys)) for run in models),
        verdicts={verdict.stage: verdict.outcome for verdict in report.verdicts} if report else {},
        ability=tuple(s for s in scores if s.name in _ABILITY and s.model == released.name),
        number_format=models[0].number_format,
        prompt=models[0].prompt,
        cpu_seconds=round(sum(stage.cpu_seconds for stage in stages), 2),
        seconds=round(sum(stage.cost.seconds for stage in stages), 2),
    )


def _report_of(folder: Path) -> Report | None:
    """Return an adoption's report; None of an evaluation, which has none.

    Raises:
        LexgraftError: an adoption that has not ended.
    """
    file = folder / "report.json"
    if file.is_file():
        return read_report(file)
    if (folder / "stages").is_dir():
        raise LexgraftError(
            "an adoption that has not ended is no release",
            where=str(folder),
            cure="`lexgraft adopt` goes on where it stopped",
        )
    return None


def _released(
    runs: Sequence[ModelRun], model: str, report: Report | None, folder: Path
) -> ModelRun:
    """Return the model that is released."""
    by_digest = [run for run in runs if len(model) >= _SHORTEST and run.digest.startswith(model)]
    if len(by_digest) == 1:
        return by_digest[0]
    names = list(dict.fromkeys(run.name for run in runs))
    name = model or (report.shipped if report else "") or (names[0] if len(names) == 1 else "")
    if not name:
        raise LexgraftError(
            "several models, none of them chosen",
            where=str(folder),
            cure=f"say --model: {', '.join(names)}",
        )
    released = _only(runs, name, report, folder)
    if released is None:
        raise LexgraftError(
            f"`{name}` has answered nothing here", where=str(folder), cure=nearest(name, names)
        )
    return released


def _only(
    runs: Sequence[ModelRun], name: str, report: Report | None, folder: Path
) -> ModelRun | None:
    """Return the one model of this name; None: nobody has it.

    Earlier models of a run that was changed have left their answers there: the report says which
    weights it is about.

    Raises:
        LexgraftError: there are several, and nothing says which.
    """
    namesakes = [run for run in runs if run.name == name]
    meant = report.models.get(name) if report else None
    current = [run for run in namesakes if run.digest == meant]
    if len(namesakes) > 1 and not current:
        raise LexgraftError(
            f"{len(namesakes)} models here are called `{name}`: "
            f"{', '.join(run.digest[:_SHORTEST] for run in namesakes)}",
            where=str(folder),
            cure="`lexgraft adopt` again: its report says which it is about"
            if report
            else "name one by its digest: --model",
        )
    return (current or namesakes or [None])[0]


def _concepts(folder: Path) -> list[Concept]:
    file = folder / "testset" / "concepts-confirm.jsonl"
    return read_checked(file, Concept, AGAIN, foreign=True) if file.is_file() else []


def _item_set(
    results: dict[str, ItemResult], concepts: Sequence[Concept], families: dict[str, str]
) -> ItemSet:
    by_id = {concept.id: concept for concept in concepts}
    groups = tuple(dict.fromkeys(result.group for result in results.values()))
    concept_rows: dict[tuple[bool, str], int] = {}
    concept_list: list[LedgerConcept] = []
    rows: list[tuple[str, int, int]] = []
    for key, result in results.items():
        everyday = result.group.startswith(EVERYDAY_GROUP)
        key_of_concept = (everyday, result.concept)
        concept = None if everyday else by_id.get(result.concept)
        if key_of_concept not in concept_rows:
            concept_rows[key_of_concept] = len(concept_list)
            concept_list.append(_ledger_concept(result, concept, families))
        content = digest(key, result.question, result.gold)[:_KEY]
        rows.append((content, concept_rows[key_of_concept], groups.index(result.group)))
    return ItemSet(digest(groups, concept_list, rows), groups, tuple(concept_list), tuple(rows))


def _ledger_concept(
    result: ItemResult, concept: Concept | None, families: dict[str, str]
) -> LedgerConcept:
    if concept is None:  # an everyday word, or a question of one's own: its answer is the term
        return LedgerConcept(result.concept, {result.group.rpartition("->")[2]: result.gold})
    terms = {term.language: term.text for term in reversed(concept.terms) if term.is_usable}
    return LedgerConcept(concept.id, terms, concept.field, families.get(concept.id, ""))


def _signs(run: ModelRun, keys: dict[str, ItemResult]) -> str:
    return "".join(
        "-" if key not in run.results else "1" if run.results[key].right else "0" for key in keys
    )
