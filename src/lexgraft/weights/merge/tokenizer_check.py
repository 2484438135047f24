"""Whether the models of a merge mean the same by an id, and which chat template they use."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from lexgraft.errors import LexgraftError
from lexgraft.files.file_digest import file_digest
from lexgraft.files.safe_json import read_json
from lexgraft.files.safe_text import read_text
from lexgraft.weights.checkpoint.assets import CHAT_TEMPLATE, OLD_TEMPLATE, has_tokenizer
from lexgraft.weights.checkpoint.checkpoint_index import has_file, regular_file

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' "
    "+ message['content'] + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
_WHOLE = 4 << 20  # bytes of a tokenizer.json that is read whole
_ID = re.compile(rb'"id"\s*:\s*(\d{1,9})\b')
_MARKS = ("{{", "{%", "{#")
_FAST, _SLOW = "tokenizer.json", "tokenizer.model"


def difference(first: Path, second: Path) -> str | None:
    """Return how two folders' vocabularies differ, in words; None: ids mean the same in both."""
    for name in (_FAST, _SLOW):
        if not all(has_file(folder, name) for folder in (first, second)):
            continue
        files = [regular_file(folder, name) for folder in (first, second)]
        if file_digest(files[0]) == file_digest(files[1]):
            return None
        if name == _SLOW:
            return f"their {_SLOW} differ"
        return _first_difference(*(_ids(read_json(path), path) for path in files))
    lacking = has_tokenizer(first) != has_tokenizer(second)
    return "one of them has no tokenizer" if lacking else None


def largest_id(folder: Path) -> int | None:
    """Return the largest id that a folder's tokenizer gives; None: it is not known.

    Of a large tokenizer.json only the added tokens are looked at, which stand at its beginning:
    the rest would take more memory than a merge.
    """
    if not has_file(folder, _FAST):
        return None
    path = regular_file(folder, _FAST)
    status = path.stat()
    return _largest_id(path, status.st_size, status.st_ctime_ns)


@lru_cache(maxsize=64)
def _largest_id(path: Path, size: int, _changed: int) -> int | None:
    """Return the largest id of a tokenizer.json as it is now."""
    if size <= _WHOLE:
        return max(_ids(read_json(path), path).values(), default=None)
    with path.open("rb") as file:
        head = file.read(_WHOLE).partition(b'"normalizer"')[0]
    return max((int(number) for number in _ID.findall(head)), default=None)


def check_one_vocabulary(base: Path, model: Path) -> None:
    """Raise where a model's tokenizer gives numbers another meaning than the base's.

    Raises:
        LexgraftError: rows with one number would be merged that stand for different tokens.
    """
    how = difference(base, model) if has_tokenizer(base) and has_tokenizer(model) else None
    if how is not None:
        raise LexgraftError(
            f"its tokenizer is not the base's: {how}",
            where=str(model),
            cure=f"`lexgraft vocabulary align {base} {model} --policy union -o aligned/` brings "
            "them together; then name the folders in aligned/",
        )


def chat_template(choice: str, folders: Sequence[Path]) -> str | None:
    """Return a recipe's chat template: Jinja text, `chatml`, or `auto`: the models' commonest.

    Raises:
        LexgraftError: a name that stands for no template here.
    """
    if any(mark in choice for mark in _MARKS):
        return choice
    if choice == "chatml":
        return CHATML
    if choice != "auto":
        raise LexgraftError(
            f"chat template {choice!a:.80} is not known",
            where="chat_template",
            cure="known: auto, chatml; or write the template's Jinja text",
        )
    templates = [template for folder in folders if (template := template_in(folder)) is not None]
    return Counter(templates).most_common(1)[0][0] if templates else None


def _ids(tokenizer: Mapping[str, Any], path: Path) -> dict[str, int]:
    """Return token → id of a tokenizer.json, tokens added later included."""
    model = tokenizer.get("model")
    vocabulary = model.get("vocab", {}) if isinstance(model, dict) else None
    try:
        if isinstance(vocabulary, list):  # Unigram: pairs of token and score
            vocabulary = {pair[0]: number for number, pair in enumerate(vocabulary)}
        added = {token["content"]: token["id"] for token in tokenizer.get("added_tokens") or ()}
    except (TypeError, KeyError, IndexError) as error:
        raise LexgraftError(
            "a token that has no text or no number",
            where=str(path),
            cure="get it again from its source",
        ) from error
    if not isinstance(vocabulary, dict):
        raise LexgraftError(
            "no vocabulary in the tokenizer", where=str(path), cure="get it again from its source"
        )
    return {**vocabulary, **added}


def _first_difference(first: Mapping[str, int], second: Mapping[str, int]) -> str | None:
    """Return the first id that stands for different tokens, and how many tokens do."""
    wrong = sorted(
        (first.get(token, second.get(token, 0)), token)
        for token in first.keys() | second.keys()
        if first.get(token) != second.get(token)
    )
    if not wrong:
        return None
    token = wrong[0][1]
    return (
        f"token {token!a:.60} has id {first.get(token)} in one and {second.get(token)} "
        f"in the other ({len(wrong):,} tokens so)"
    )


def template_in(folder: Path) -> str | None:
    """Return a folder's chat template, the one called default where there are several."""
    if has_file(folder, CHAT_TEMPLATE):
        return read_text(regular_file(folder, CHAT_TEMPLATE))
    home = next(
        (name for name in (OLD_TEMPLATE, "tokenizer_config.json") if has_file(folder, name)), None
    )
    if home is None:
        return None
    template = read_json(regular_file(folder, home)).get("chat_template")
    if isinstance(template, list):
        template = next(
            (
                named.get("template")
                for named in template
                if isinstance(named, dict) and named.get("name") == "default"
            ),
            None,
        )
    return template if isinstance(template, str) else None
