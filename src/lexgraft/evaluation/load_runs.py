"""Runs on disk → models with their graded items, for comparing them."""

from collections.abc import Iterable, Sequence
from math import exp
from pathlib import Path

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError, nearest
from lexgraft.evaluation.comparison import PARENTS, ItemResult, ModelRun
from lexgraft.evaluation.grade import pmi
from lexgraft.evaluation.term_generation import WrittenTerm, grade_written, term_questions
from lexgraft.records import Answer, Concept, Generation, Item, Split, digest, read_lines

IDENTITY = "model.json"
EVERYDAY = "everyday "


class ModelIdentity(Struct, frozen=True):
    """Who gave the answers of a folder."""

    name: str
    digest: str


class _RunModel(Struct, frozen=True):
    name: str
    digest: str


class _RunFiles(Struct, frozen=True):
    raced: tuple[_RunModel, ...] = ()


def read_run(folder: Path, split: Split = "confirm") -> list[ModelRun]:
    """Return every model that answered a run's items of one split, and its everyday words.

    A run is the folder of an adoption, or one that `lexgraft evaluate -o` has written.

    Raises:
        LexgraftError: not such a folder, or nobody answered this split.
    """
    items = _items(folder, split)
    names = _names(folder)
    found = [
        entrant
        for answers in sorted((folder / "answers").glob("*/"))
        if (entrant := _entrant(folder, answers, items, names, split))
    ]
    if not found:
        raise LexgraftError(
            f"no model has answered the `{split}` items",
            where=str(folder),
            cure="finish the run, or take another --split",
        )
    return found


def _items(folder: Path, split: Split) -> dict[str, tuple[str, Item]]:
    """Return item id → group and item."""
    test, own = folder / "testset", folder / "items.jsonl"
    if own.is_file():
        return {item.id: (item.pair, item) for item in read_lines(own, Item)}
    if not (test / f"items-{split}.jsonl").is_file():
        raise LexgraftError(
            "no run here: neither testset/ nor items.jsonl",
            where=str(folder),
            cure="give the folder of an adoption or of `lexgraft evaluate -o`",
        )
    terms = read_lines(test / f"items-{split}.jsonl", Item)
    general = test / "items-general.jsonl"
    everyday = read_lines(general, Item) if split == "confirm" and general.is_file() else []
    return {item.id: (item.pair, item) for item in terms} | {
        item.id: (EVERYDAY + item.pair, item) for item in everyday
    }


def _names(folder: Path) -> dict[str, str]:
    """Return digest → name of the candidates that an adoption has raced."""
    file = folder / "stages" / "merge.json"
    if not file.is_file():
        return {}
    race = msgspec.json.decode(file.read_bytes(), type=_RunFiles)
    return {one.digest: one.name for one in race.raced}


def _entrant(
    folder: Path,
    answers: Path,
    items: dict[str, tuple[str, Item]],
    names: dict[str, str],
    split: Split,
) -> ModelRun | None:
    file = answers / IDENTITY
    identity = (
        msgspec.json.decode(file.read_bytes(), type=ModelIdentity) if file.is_file() else None
    )
    name = identity.name if identity else names.get(answers.name, answers.name[:8])
    shown = {
        answer.item: show(items[answer.item][1], answer, items[answer.item][0])
        for path in _files(answers, split)
        for answer in read_lines(path, Answer)
        if answer.item in items
    }
    if not shown:
        return None
    asked = [item for _, item in items.values()]
    return ModelRun(name, answers.name, str(folder), shown, _written(folder, answers, asked, split))


def _written(
    folder: Path, answers: Path, items: Sequence[Item], split: Split
) -> dict[tuple[str, str], WrittenTerm]:
    """Return the free answers by direction and concept, graded by the concept's names."""
    said = {
        read_line.prompt: read_line.text
        for path in sorted(answers.glob("terms *.jsonl"))
        for read_line in read_lines(path, Generation)
    }
    file = folder / "testset" / f"concepts-{split}.jsonl"
    asked = [
        term_question
        for term_question in term_questions(items)
        if digest(term_question.context) in said
    ]
    if not asked or not file.is_file():
        return {}
    concepts = {one.id: one for one in read_lines(file, Concept)}
    found = grade_written(asked, [said[digest(one.context)] for one in asked], concepts)
    return {(one.group, one.concept): one for one in found}


def _files(answers: Path, split: Split) -> list[Path]:
    patterns = (f"{split} terms-*.jsonl", "everyday-*.jsonl", "items-*.jsonl")
    return [path for pattern in patterns for path in sorted(answers.glob(pattern))]


def show(item: Item, answer: Answer, group: str) -> ItemResult:
    """Return an answer graded by PMI, in words."""
    return shown(
        pmi(answer),
        item.gold,
        concept=item.concept,
        group=group,
        question=item.context,
        options=[option.strip() for option in item.options],
    )._replace(draw=item.draw)


def shown(
    scores: Sequence[float],
    gold: int,
    *,
    concept: str,
    group: str,
    question: str,
    options: Sequence[str],
) -> ItemResult:
    """Return the scores of one item's options in words; a tie for the best is wrong."""
    best = max(range(len(scores)), key=lambda i: (scores[i], -i))
    wrong = max(score for i, score in enumerate(scores) if i != gold)
    shares = [exp(score - scores[best]) for score in scores]
    return ItemResult(
        concept=concept,
        group=group,
        right=scores[gold] > wrong,
        margin=scores[gold] - wrong,
        probability=shares[gold] / sum(shares),
        chance=1 / len(scores),
        question=question,
        gold=options[gold],
        chosen=options[best],
    )


def named_parents(entrants: Sequence[ModelRun], roles: Sequence[str]) -> list[ModelRun]:
    """Return the entrants, those named by `ROLE=NAME` under their role: base, G or D.

    Raises:
        LexgraftError: no such role, or nobody of that name.
    """
    names = [entrant.name for entrant in entrants]
    by_name: dict[str, str] = {}
    for given in roles:
        role, _, name = given.partition("=")
        if role not in PARENTS:
            raise LexgraftError(f"`{role}` is no parent", cure=f"write {', '.join(PARENTS)}=MODEL")
        if name not in names:
            raise LexgraftError(f"nothing here is called `{name}`", cure=nearest(name, names))
        by_name[name] = role
    return [one._replace(name=by_name.get(one.name, one.name)) for one in entrants]


def distinct(entrants: Iterable[ModelRun]) -> list[ModelRun]:
    """Return the entrants, those of one name and digest joined, equal names told apart.

    Parents that several runs have asked are one entrant; other models of one name get a part of
    their digest.
    """
    joined: dict[tuple[str, str], ModelRun] = {}
    for entrant in entrants:
        known = joined.get((entrant.name, entrant.digest))
        items = {**known.shown, **entrant.shown} if known else entrant.shown
        written = {**known.written, **entrant.written} if known else entrant.written
        joined[entrant.name, entrant.digest] = entrant._replace(shown=items, written=written)
    names = [name for name, _ in joined]
    return [
        one if names.count(one.name) == 1 else one._replace(name=f"{one.name} ({one.digest[:8]})")
        for one in joined.values()
    ]
