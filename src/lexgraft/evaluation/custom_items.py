"""A user's own questions, and test sets on disk → items."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.output_language import in_language
from lexgraft.files.sealed_concepts import ITEMS
from lexgraft.records import Item, Split, digest

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

    Raises:
        LexgraftError: nothing there, or a line that is neither, named by its number.
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
    lines = enumerate(file.read_bytes().splitlines(), 1)
    items = [_item(line, f"{file}:{number}") for number, line in lines if line.strip()]
    if not items:
        raise LexgraftError("a file without items", where=str(file))
    return list({item.id: item for item in items}.values())


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
    key = digest("own", question.question, options)
    return Item(
        id=key,
        concept=question.concept or key,
        kind="definition-to-term",
        question_language=language,
        answer_language=language,
        draw=0,
        context=context.replace("{}", question.question.rstrip()),
        neutral=neutral,
        options=tuple(space + option for option in options),
        gold=_gold(question.answer, options, where),
    )


def _gold(answer: int | str, options: Sequence[str], where: str) -> int:
    if isinstance(answer, str) and answer.strip() in options:
        return options.index(answer.strip())
    if isinstance(answer, int) and 0 <= answer < len(options):
        return answer
    raise LexgraftError(f"the answer {answer!r} is none of the options", where=where)
