"""A finished run's folder → what a ledger keeps of it."""

from collections.abc import Sequence
from pathlib import Path

from lexgraft.adoption.history.ledger import ItemSet, LedgerConcept, ModelAnswers, Release
from lexgraft.adoption.report import read_report
from lexgraft.errors import LexgraftError, nearest
from lexgraft.evaluation.comparison import ItemResult, ModelRun
from lexgraft.evaluation.load_runs import AGAIN, EVERYDAY_GROUP, read_run
from lexgraft.evaluation.measures import BITS, GENERAL, PARENTS, RECOGNITION
from lexgraft.files.checked_files import read_checked
from lexgraft.files.safe_json import read_json
from lexgraft.records import Concept, digest
from lexgraft.terms.families import families_of
from lexgraft.weights.checkpoint.folder_writer import MANIFEST

_KEY = 16  # signs of an item's digest: enough to tell a hundred million items apart
_ABILITY = (RECOGNITION, GENERAL, BITS)


def entries_of(folder: Path, model: str = "") -> tuple[ItemSet, Release]:
    """Return the items of a run, and the run with its models' answers to the `confirm` items.

    Args:
        folder: of an adoption, or of `lexgraft evaluate -o`.
        model: the name of the one that is released; empty: the one that the adoption wrote.

    Raises:
        LexgraftError: no finished run, or nobody of that name answered.
    """
    runs, file = _distinct(read_run(folder), _written_model(folder)), folder / "report.json"
    report = read_report(file) if file.is_file() else None
    released = _released(runs, model or (report.shipped if report else ""), folder)
    models = [run for run in runs if run.name in {*PARENTS, released, report and report.result}]
    keys = {key: result for run in models for key, result in run.results.items()}
    items = _item_set(keys, _concepts(folder))
    scores = report.scores if report else ()
    stages = report.run.stages if report else ()
    return items, Release(
        project=report.project if report else "",
        name=folder.resolve().name,
        written=report.run.written if report else "",
        findings=report.digest if report else digest(*(run.digest for run in models)),
        model=released,
        items=items.digest,
        models=tuple(ModelAnswers(run.name, run.digest, _signs(run, keys)) for run in models),
        verdicts={verdict.stage: verdict.outcome for verdict in report.verdicts} if report else {},
        ability=tuple(s for s in scores if s.name in _ABILITY and s.model == released),
        number_format=models[0].number_format,
        cpu_seconds=round(sum(stage.cpu_seconds for stage in stages), 2),
        seconds=round(sum(stage.cost.seconds for stage in stages), 2),
    )


def _distinct(runs: Sequence[ModelRun], written: str) -> list[ModelRun]:
    """Return the models without those that share their name, but for the one that was written.

    Earlier models of a run that was changed have left their answers there.
    """
    names = [run.name for run in runs]
    current = {run.name for run in runs if run.digest == written}
    return [
        run
        for run in runs
        if run.digest == written or (names.count(run.name) == 1 and run.name not in current)
    ]


def _written_model(folder: Path) -> str:
    """Return what identifies the model that an adoption has written, as its answers are filed."""
    manifest = folder / "model" / MANIFEST
    plan = read_json(manifest).get("plan") if manifest.is_file() else None
    return digest("merge", plan) if isinstance(plan, str) else ""


def _released(runs: Sequence[ModelRun], name: str, folder: Path) -> str:
    names = [run.name for run in runs]
    if not name and len(names) == 1:
        return names[0]
    if name not in names:
        raise LexgraftError(
            f"`{name}` has answered nothing here"
            if name
            else "several models, none of them chosen",
            where=str(folder),
            cure=nearest(name, names) if name else f"say --model: {', '.join(names)}",
        )
    return name


def _concepts(folder: Path) -> list[Concept]:
    file = folder / "testset" / "concepts-confirm.jsonl"
    return read_checked(file, Concept, AGAIN, foreign=True) if file.is_file() else []


def _item_set(results: dict[str, ItemResult], concepts: Sequence[Concept]) -> ItemSet:
    families, by_id = families_of(concepts), {concept.id: concept for concept in concepts}
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
