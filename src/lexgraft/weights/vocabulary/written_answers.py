"""Do folders with another vocabulary compute as the models that they were made of?"""

from pathlib import Path

import msgspec

from lexgraft.records import AnswerParity, write_bytes
from lexgraft.weights.checkpoint.manifest_file import MANIFEST, manifest_bytes, manifest_content
from lexgraft.weights.tokenizer.tokenizer_file import read_document


def grown_answers(base: Path, grown: Path, threads: int, device: str = "cpu") -> AnswerParity:
    """Return how far a grown model computes as its base where no new word stands.

    Its manifest says so as well.

    Raises:
        LexgraftError: one of the folders cannot be loaded.
    """
    from lexgraft.models.answer_parity import compare_grown, replies
    from lexgraft.models.transformers import TransformersModel

    before = replies(TransformersModel.load(base, str(base), threads, device=device))
    after = replies(TransformersModel.load(grown, str(grown), threads, device=device), before.rows)
    return _noted(grown, compare_grown(before, after, read_document(base).size))


def aligned_answers(original: Path, aligned: Path, threads: int) -> AnswerParity:
    """Return how far a model in another vocabulary computes as it did in its own.

    The same tokens are read under both numberings. Its manifest says so as well.

    Raises:
        LexgraftError: one of the folders cannot be loaded.
    """
    from lexgraft.models.answer_parity import compare_renumbered, replies
    from lexgraft.models.transformers import TransformersModel

    new = {token: number for number, token in read_document(aligned).tokens.items()}
    own = read_document(original).tokens.items()
    ids = {number: new[token] for number, token in own if token in new}
    before = replies(TransformersModel.load(original, str(original), threads))
    rows = tuple(tuple(ids.get(token, 0) for token in row) for row in before.rows)
    after = replies(TransformersModel.load(aligned, str(aligned), threads), rows)
    return _noted(aligned, compare_renumbered(before, after, ids))


def _noted(folder: Path, answers: AnswerParity) -> AnswerParity:
    manifest = manifest_content(folder) | {"answers": msgspec.to_builtins(answers)}
    write_bytes(folder / MANIFEST, manifest_bytes(manifest))
    return answers
