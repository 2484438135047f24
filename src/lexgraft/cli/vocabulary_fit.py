"""New rows fitted on text, for the verb `vocabulary`; and the text that it is given."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lexgraft import __version__
from lexgraft.cli.progress import ProgressBars
from lexgraft.errors import LexgraftError
from lexgraft.records import Document, digest, read_lines

if TYPE_CHECKING:
    from torch import Tensor

    from lexgraft.models.transformers import TransformersModel
    from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
    from lexgraft.weights.vocabulary.expansion import Expansion
    from lexgraft.weights.vocabulary.fit.aligned_texts import AlignedText
    from lexgraft.weights.vocabulary.fit.fit_cache import FitCache
    from lexgraft.weights.vocabulary.fit.suppress_new_tokens import NewTokenRows
    from lexgraft.weights.vocabulary.new_rows import RowDonor

GENERAL = 128  # general texts that rows are fitted on
CONTINUED = 256  # further texts at a time
DRAWN = 50  # likeliest tokens that a further text is continued from


class FitInputs(NamedTuple):
    """What the verb's files hold, read once: texts with their languages."""

    terms: list[tuple[str, str]]
    texts: list[tuple[str, str]]
    general: list[tuple[str, str]]
    held_out: list[tuple[str, str]]
    read: list[tuple[str, str]]

    def some_general(self) -> list[str]:
        """Return some general texts, the same in every run."""
        texts = {text for _, text in self.general}
        return sorted(texts, key=lambda text: digest("general", text))[:GENERAL]


def read_given(arguments: argparse.Namespace) -> FitInputs:
    """Return what the files hold."""
    from lexgraft.terms.readers import read_concepts

    concepts = read_concepts(arguments.terms) if arguments.terms else []
    terms = [
        (term.language, term.text)
        for concept in concepts
        for term in concept.terms
        if term.status != "forbidden"
    ]
    files = (arguments.text, arguments.general, arguments.held_out, arguments.read)
    return FitInputs(terms, *(passages(file) for file in files))


def fitted_rows(
    arguments: argparse.Namespace,
    given: FitInputs,
    growth: "Expansion",
    base: "Checkpoint",
    source: "RowDonor | None",
    kept: "FitCache",
    bars: ProgressBars,
) -> "tuple[dict[str, Tensor], dict[str, Any]]":
    """Return rows fitted on text by tensor, and what is to be said about them."""
    from lexgraft.models.transformers import TransformersModel
    from lexgraft.weights.vocabulary.fit.suppress_new_tokens import NewTokenRows, quieted
    from lexgraft.weights.vocabulary.new_rows import bias_name, embedding_name, head_name, new_rows

    def begin(name: str) -> "Tensor":
        entry = base.tensors[name]
        return new_rows(entry, growth.additions, growth.base, source, arguments.rows).values

    embedding, head, bias = embedding_name(base), head_name(base), bias_name(base)
    rows = NewTokenRows(
        begin(embedding), begin(head) if head else None, begin(bias) if bias else None
    )
    model = TransformersModel.load(arguments.base, str(arguments.base), arguments.threads)
    lessons = _Lessons(growth, model)
    plain = lessons.plain(given.some_general())
    if arguments.distil is None:
        rows, most = quieted(model.module, plain, rows, bars)
        said: dict[str, Any] = {"nats taken at most": most}
    else:
        rows, said = _distilled(arguments, given, base, rows, lessons, plain, kept, bars)
    pairs = zip((embedding, head, bias), rows, strict=True)
    fitted = {name: one for name, one in pairs if name and one is not None}
    return fitted, {**said, "general texts": len(plain)}


class _Lessons:
    """Texts as a model is given them, cut by the base and by the grown tokenizer."""

    def __init__(self, growth: "Expansion", model: "TransformersModel") -> None:
        from lexgraft.weights.tokenizer.tokenizer_engine import TokenizerEngine
        from lexgraft.weights.vocabulary.expanded_files import grown_document

        self.growth, self.model = growth, model
        self.engines = TokenizerEngine(growth.base), TokenizerEngine(grown_document(growth))

    def plain(self, texts: list[str]) -> "list[AlignedText]":
        """Return the texts that are cut alike."""
        from lexgraft.weights.vocabulary.fit.aligned_texts import plain_lessons

        return plain_lessons(*self.engines, texts, self.model.start_tokens)

    def told(self, texts: list[str]) -> "list[AlignedText]":
        """Return the texts that show new tokens."""
        from lexgraft.weights.vocabulary.fit.aligned_texts import make_lessons

        return make_lessons(*self.engines, texts, self.model.start_tokens)


def _distilled(
    arguments: argparse.Namespace,
    given: FitInputs,
    base: "Checkpoint",
    start: "NewTokenRows",
    lessons: _Lessons,
    plain: "list[AlignedText]",
    kept: "FitCache",
    bars: ProgressBars,
) -> "tuple[NewTokenRows, dict[str, Any]]":
    """Return rows that write and read like the old cut, and what is to be said about them."""
    from lexgraft.models.transformers import TransformersModel
    from lexgraft.weights.vocabulary.fit.aligned_texts import showing
    from lexgraft.weights.vocabulary.fit.distillation import distil_rows
    from lexgraft.weights.vocabulary.new_rows import embedding_name, head_name, opening_rows

    additions, first = lessons.growth.additions, lessons.growth.base.size
    opening = opening_rows(base.tensors[head_name(base) or embedding_name(base)], additions)
    texts = [text for _, text in (*given.texts, *given.terms)]
    told = lessons.told([*texts, *given.some_general()])
    model = reader = lessons.model
    if arguments.dtype != "float32":
        place, threads = arguments.base, arguments.threads
        reader = TransformersModel.load(place, str(place), threads, dtype=arguments.dtype)
    further = showing(lessons.engines[1], [text for _, text in given.read], first)
    read = lessons.told(_continued(reader, further, arguments.ahead, kept, bars))
    fitted = distil_rows(
        model.module,
        [*told, *read],
        start,
        [addition.parts for addition in additions],
        first,
        arguments.distil,
        plain,
        opening,
        reader.module,
        kept,
        bars,
    )
    return fitted.rows, {
        "nats a new token is off": fitted.writing,
        "nats apart after it": fitted.reading,
        "nats a token taken": fitted.taken,
        "texts": len(told),
        "read besides": len(read),
    }


def _continued(
    model: "TransformersModel", texts: list[str], tokens: int, kept: "FitCache", bars: ProgressBars
) -> list[str]:
    """Return texts with what the model says next, drawn from what is likeliest there."""
    from lexgraft.models.sampling import likeliest

    found = kept.texts("ahead")
    for start in range(len(found), len(texts), CONTINUED):
        bars("going on with further texts", start, len(texts))
        some = texts[start : start + CONTINUED]
        said = model.generate(some, tokens, (), likeliest(DRAWN, start))
        # a character that is not complete says nothing
        found += [text + more.rstrip("\ufffd") for text, more in zip(some, said, strict=True)]
        kept.keep_texts("ahead", found)
    return found


def kept_for(
    arguments: argparse.Namespace,
    given: FitInputs,
    growth: "Expansion",
    base: "Checkpoint",
    source: "RowDonor | None",
) -> "FitCache":
    """Return what is kept beside the output while rows are fitted, from just these inputs."""
    from lexgraft.weights.vocabulary.fit.fit_cache import FitCache

    donor = source.checkpoint.digest if source else None
    how = arguments.rows, arguments.distil, arguments.ahead, arguments.dtype
    words = [(new.token, new.parts) for new in growth.additions]
    texts = given.terms, given.texts, given.some_general(), given.read
    key = digest("fit", __version__, base.digest, donor, how, words, texts)
    return FitCache(arguments.output.resolve(), key)


def passages(paths: list[Path]) -> list[tuple[str, str]]:
    """Return the texts of files with their languages: JSON lines of Document, or plain text."""
    found: list[tuple[str, str]] = []
    for path in paths:
        if path.suffix == ".txt":
            try:
                lines = path.read_text(encoding="utf-8").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise LexgraftError(
                    f"cannot read this text: {error}", cure="give a UTF-8 file"
                ) from error
            found += [("", line) for line in lines if line.strip()]
        else:
            found += [(row.language, row.text) for row in read_lines(path, Document)]
    return found
