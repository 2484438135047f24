"""Runs on disk → models with their graded items, for comparing them."""

from collections.abc import Iterable, Sequence
from math import exp
from pathlib import Path
from typing import get_args

from msgspec import Struct

from lexgraft.errors import LexgraftError, nearest
from lexgraft.evaluation.comparison import ItemResult, ModelRun
from lexgraft.evaluation.grade import pmi
from lexgraft.evaluation.measures import PARENTS
from lexgraft.evaluation.prompt_frame import recorded_prompt
from lexgraft.evaluation.run_format import recorded_format
from lexgraft.evaluation.term_generation import WrittenTerm, grade_written, term_questions
from lexgraft.files.checked_files import files_like, read_checked
from lexgraft.records import Answer, Concept, Generation, Item, Split, digest
from lexgraft.terms.families import families_of

IDENTITY = "model.json"
AGAIN = "delete it and give the command that wrote it again: nothing is asked twice"
"""What to do about a file of a run that is not as it was written."""
EVERYDAY_GROUP = "everyday "
"""What the group of an everyday word's item begins with."""


class ModelIdentity(Struct, frozen=True):
    """Who gave the answers of a folder."""

    name: str
    digest: str
    back_end: str = ""  # the server or engine that computed them; empty: this program


def read_run(folder: Path, split: Split = "confirm") -> list[ModelRun]:
    """Return every model that answered a run's items of one split, and its everyday words.

    A run is the folder of an adoption, or one that `lexgraft evaluate -o` has written.

    Raises:
        LexgraftError: not such a folder, or nobody answered this split.
    """
    items = _items(folder, split)
    runs = [
        run
        for answers in sorted((folder / "answers").glob("*/"))
        if (run := _model_run(folder, answers, items, split))
    ]
    if not runs:
        raise LexgraftError(
            f"no model has answered the `{split}` items",
            where=str(folder),
            cure="finish the run, or take another --split",
        )
    return runs


def _items(folder: Path, split: Split) -> list[tuple[str, Item]]:
    """Return the items with their groups."""
    test, custom = folder / "testset", folder / "items.jsonl"
    if custom.is_file():
        return [(item.pair, item) for item in read_checked(custom, Item, AGAIN)]
    if not (test / f"items-{split}.jsonl").is_file():
        raise LexgraftError(
            "no run here: neither testset/ nor items.jsonl",
            where=str(folder),
            cure="give the folder of an adoption or of `lexgraft evaluate -o`",
        )
    terms = read_checked(test / f"items-{split}.jsonl", Item, AGAIN, foreign=True)
    general = test / "items-general.jsonl"
    asked = split == "confirm" and general.is_file()
    everyday = read_checked(general, Item, AGAIN, foreign=True) if asked else []
    return [
        *((item.pair, item) for item in terms),
        *((EVERYDAY_GROUP + item.pair, item) for item in everyday),
    ]


def _model_run(
    folder: Path,
    answers: Path,
    items: Sequence[tuple[str, Item]],
    split: Split,
) -> ModelRun | None:
    """Return the model of one folder of answers; None where it has no answer to these items."""
    file = answers / IDENTITY
    if file.is_file():
        [identity] = read_checked(file, ModelIdentity, AGAIN)
        name, back_end = identity.name, identity.back_end
    else:
        name, back_end = answers.name[:8], ""
    by_item = {
        answer.item: answer
        for path in _answer_files(answers, split)
        for answer in read_checked(path, Answer, AGAIN)
    }
    results = {
        _key(group, item): item_result(item, by_item[item.id], group)
        for group, item in items
        if item.id in by_item
    }
    if not results:
        return None
    terms = _written_terms(folder, answers, [item for _, item in items], split)
    number_format = back_end or str(recorded_format(folder) or "")
    prompt = recorded_prompt(answers) or recorded_prompt(folder)
    return ModelRun(name, answers.name, str(folder), results, terms, number_format, prompt)


def _key(group: str, item: Item) -> str:
    """Return what an item's result is found by: one may be asked as an everyday word, too."""
    return EVERYDAY_GROUP + item.id if group.startswith(EVERYDAY_GROUP) else item.id


def _written_terms(
    folder: Path, answers: Path, items: Sequence[Item], split: Split
) -> dict[tuple[str, str], WrittenTerm]:
    """Return the free answers by direction and concept, graded by the concept's names."""
    texts = {
        generation.prompt: generation.text
        for path in files_like(answers, "terms *.jsonl")
        for generation in read_checked(path, Generation, AGAIN)
    }
    file = folder / "testset" / f"concepts-{split}.jsonl"
    questions = [item for item in term_questions(items) if digest(item.context) in texts]
    if not questions or not file.is_file():
        return {}
    concepts = {concept.id: concept for concept in read_checked(file, Concept, AGAIN, foreign=True)}
    answered = [texts[digest(item.context)] for item in questions]
    return {
        (term.group, term.concept): term for term in grade_written(questions, answered, concepts)
    }


def families_of_testset(folder: Path, cure: str = AGAIN) -> dict[str, str]:
    """Return the families among all concepts of a test set's folder, whatever their split."""
    files = (folder / f"concepts-{split}.jsonl" for split in get_args(Split))
    by_file = [read_checked(file, Concept, cure, foreign=True) for file in files if file.is_file()]
    return families_of(concept for concepts in by_file for concept in concepts)


def _answer_files(answers: Path, split: Split) -> list[Path]:
    patterns = (f"{split} terms-*.jsonl", "everyday-*.jsonl", "items-*.jsonl")
    return [path for pattern in patterns for path in files_like(answers, pattern)]


def item_result(item: Item, answer: Answer, group: str) -> ItemResult:
    """Return an answer graded by PMI, with the question and the options in words."""
    return result_of_scores(
        pmi(answer),
        item.gold,
        concept=item.concept,
        group=group,
        question=item.context,
        options=[option.strip() for option in item.options],
    )._replace(draw=item.draw)


def result_of_scores(
    scores: Sequence[float],
    gold: int,
    *,
    concept: str,
    group: str,
    question: str,
    options: Sequence[str],
) -> ItemResult:
    """Return one item's result from its options' log-scores; a tie for the best is wrong."""
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


def named_parents(runs: Sequence[ModelRun], roles: Sequence[str]) -> list[ModelRun]:
    """Return the models, those named by `ROLE=NAME` under their role: base, G or D.

    Raises:
        LexgraftError: no such role, or nobody of that name.
    """
    names = [run.name for run in runs]
    role_of: dict[str, str] = {}
    for text in roles:
        role, _, name = text.partition("=")
        if role not in PARENTS:
            raise LexgraftError(f"`{role}` is no parent", cure=f"write {', '.join(PARENTS)}=MODEL")
        if name not in names:
            raise LexgraftError(f"nothing here is called `{name}`", cure=nearest(name, names))
        role_of[name] = role
    return [run._replace(name=role_of.get(run.name, run.name)) for run in runs]


def refuse_contradictions(runs: Sequence[ModelRun]) -> None:
    """Refuse runs in which one item is two questions, or has two right answers.

    Raises:
        LexgraftError: the item, and where it is asked.
    """
    first: dict[str, tuple[ModelRun, ItemResult]] = {}
    for run in runs:
        for key, result in run.results.items():
            source, earlier = first.setdefault(key, (run, result))
            if (earlier.question, earlier.gold) != (result.question, result.gold):
                raise LexgraftError(
                    f"the item {key[:40]!a} is another question in {source.source}, or has "
                    f"another answer there: {earlier.gold[:40]!a} and {result.gold[:40]!a}",
                    where=run.source,
                    cure="compare runs that were asked the same file of items",
                )


def distinct(runs: Iterable[ModelRun]) -> list[ModelRun]:
    """Return the models, those of one name and digest joined, equal names told apart.

    Parents that several runs have asked are one model; other models of one name get a part of
    their digest.
    """
    joined: dict[tuple[str, str], ModelRun] = {}
    for run in runs:
        earlier = joined.get((run.name, run.digest))
        results = {**earlier.results, **run.results} if earlier else run.results
        written = {**earlier.written, **run.written} if earlier else run.written
        joined[run.name, run.digest] = run._replace(results=results, written=written)
    names = [name for name, _ in joined]
    return [
        run if names.count(run.name) == 1 else run._replace(name=f"{run.name} ({run.digest[:8]})")
        for run in joined.values()
    ]
