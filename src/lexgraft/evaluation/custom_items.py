"""A user's own questions, and test sets on disk → items."""

from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.output_language import in_language
from lexgraft.files.checked_files import check_content
from lexgraft.files.sealed_concepts import ITEMS
from lexgraft.records import Item, Split, digest

REWRITE = "write the test set again; if the change is meant, give the file itself to --items"
"""What to do about a file of a test set that is not as it was written."""
OWN = "own:"
"""What the ids of items begin with that are made of a user's question."""
_FRAME = {"en": ("{}\nAnswer:", "Answer:", " "), "ja": ("{}\n答え：", "答え：", "")}


class CustomQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    """One question as a user writes it: the text, the options, which of them is right."""

    question: str
    options: tuple[str, ...]
    answer: int | str  # the right option's index from 0, or its text
    concept: str = ""  # what is counted; questions of one concept must all be right
    language: str = ""  # of question and options; by their script where it is not said


def read_items(path: Path, split: Split = "confirm") -> list[Item]:
    """Return the items of a test set's folder, or of a file of Item or CustomQuestion records.

    A question that stands there twice, its options in any order, is one.

    Raises:
        LexgraftError: nothing there, a line that is neither, or a question that occurs again with
            another answer, named by its number.
    """
    if path.name == ITEMS:
        raise LexgraftError(
            "these are sealed: they are asked once",
            where=str(path),
            cure="give the test set's folder and --split sealed",
        )
    file = path / f"items-{split}.jsonl" if path.is_dir() else path
    if not file.is_file():
        raise LexgraftError(
            "no items here",
            where=str(file),
            cure="give a JSON-lines file, or a folder that `lexgraft testset` has written",
        )
    if path.is_dir():
        check_content(file, REWRITE, foreign=True)
    lines = enumerate(file.read_bytes().removeprefix(BOM_UTF8).splitlines(), 1)
    items = {number: _item(line, f"{file}:{number}") for number, line in lines if line.strip()}
    if not items:
        raise LexgraftError("a file without items", where=str(file))
    return _once(items, file)


def _once(items: Mapping[int, Item], file: Path) -> list[Item]:
    """Return the items by line number, each once; a user's question whatever order of options.

    Raises:
        LexgraftError: a line has an earlier one's id or question, and says something else.
    """
    lines: dict[object, int] = {}
    kept: dict[object, Item] = {}
    for number, item in items.items():
        question = (item.context, frozenset(item.options))
        for key in (item.id, question):
            earlier = lines.setdefault(key, number)
            if _statement(items[earlier]) != _statement(item):
                raise LexgraftError(
                    f"the question of line {earlier} again, with another answer",
                    where=f"{file}:{number}",
                    cure="keep one of the two",
                )
        kept.setdefault((question, item.concept) if _is_own(item) else item.id, item)
    return list(kept.values())


def _is_own(item: Item) -> bool:
    return item.id.startswith(OWN)


def _statement(item: Item) -> tuple[str, frozenset[str], str]:
    return item.context, frozenset(item.options), item.options[item.gold]


def _item(line: bytes, where: str) -> Item:
    """Return the item of one line: a whole record, or a user's question."""
    try:
        return msgspec.json.decode(line, type=Item)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        question = msgspec.json.decode(line, type=CustomQuestion)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LexgraftError(
            f"not a question: {error}",
            where=where,
            cure='write {"question": "…", "options": ["…", "…"], "answer": 0}',
        ) from error
    return _from_question(question, where)


def _from_question(question: CustomQuestion, where: str) -> Item:
    options = [option.strip() for option in question.options]
    if len(options) < 2 or len(set(options)) < len(options) or not all(options):
        raise LexgraftError("two or more different options are needed", where=where)
    language = question.language or ("ja" if in_language(question.question, "ja") else "en")
    context, neutral, space = _FRAME.get(language.partition("-")[0], _FRAME["en"])
    gold = _gold(question.answer, options, where)
    key = OWN + digest(question.question, options, gold, question.concept)
    return Item(
        id=key,
        concept=question.concept or OWN + digest(question.question, sorted(options)),
        kind="definition-to-term",
        question_language=language,
        answer_language=language,
        draw=0,
        context=context.replace("{}", question.question.rstrip()),
        neutral=neutral,
        options=tuple(space + option for option in options),
        gold=gold,
    )


def _gold(answer: int | str, options: Sequence[str], where: str) -> int:
    if isinstance(answer, str) and answer.strip() in options:
        return options.index(answer.strip())
    if isinstance(answer, int) and 0 <= answer < len(options):
        return answer
    raise LexgraftError(f"the answer {answer!r} is none of the options", where=where)
