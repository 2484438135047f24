"""Fit the rows of new tokens on text: suppress them, or distil the base model into them."""

from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from lexgraft import __version__
from lexgraft.files.ownership import real_path
from lexgraft.models.sampling import likeliest
from lexgraft.models.transformers import TransformersModel
from lexgraft.records import Progress, digest, silent
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.tokenizer.tokenizer_engine import TokenizerEngine
from lexgraft.weights.vocabulary.expanded_files import expanded_tokenizer
from lexgraft.weights.vocabulary.expansion import Expansion
from lexgraft.weights.vocabulary.expansion_texts import ExpansionTexts
from lexgraft.weights.vocabulary.fit.aligned_texts import (
    AlignedText,
    align_texts,
    texts_with_new_tokens,
    unchanged_texts,
)
from lexgraft.weights.vocabulary.fit.distillation import distil_rows
from lexgraft.weights.vocabulary.fit.fit_cache import NOTHING, FitCache
from lexgraft.weights.vocabulary.fit.fit_settings import FitSettings
from lexgraft.weights.vocabulary.fit.suppress_new_tokens import NewTokenRows, suppress_rows
from lexgraft.weights.vocabulary.new_rows import (
    How,
    RowDonor,
    bias_name,
    embedding_name,
    first_piece_rows,
    head_name,
    new_rows,
)

BATCH = 256  # further texts continued before they are kept
LIKELIEST = 50  # tokens that a continuation is drawn from


class FitInputs(NamedTuple):
    """What a fit starts from: the expansion, the base's weights, and the texts."""

    expansion: Expansion
    base: Checkpoint
    donor: RowDonor | None
    how: How  # where the first rows come from
    texts: ExpansionTexts

    @property
    def tensor_names(self) -> tuple[str, str | None, str | None]:
        """The embedding, the output head where it is not tied to it, the head's bias."""
        return embedding_name(self.base), head_name(self.base), bias_name(self.base)

    def initial_rows(self) -> NewTokenRows:
        """Return the rows to begin with."""
        embedding, head, bias = self.tensor_names
        return NewTokenRows(
            self._initial(embedding),
            self._initial(head) if head else None,
            self._initial(bias) if bias else None,
        )

    def _initial(self, name: str) -> Tensor:
        entry, expansion = self.base.tensors[name], self.expansion
        return new_rows(entry, expansion.additions, expansion.base, self.donor, self.how).values


def open_fit_cache(inputs: FitInputs, settings: FitSettings, output: Path) -> FitCache:
    """Return what is kept beside the output while rows are fitted, from just these inputs.

    Raises:
        LexgraftError: `OUTPUT.fit` is there and of someone else.
    """
    return FitCache(real_path(output), fit_key(inputs, settings))


def fit_key(inputs: FitInputs, settings: FitSettings) -> str:
    """Return what tells one fit from all others."""
    expansion, _, donor, how, texts = inputs
    return digest(
        "fit",
        __version__,
        inputs.base.digest,
        donor.checkpoint.digest if donor else None,
        (how, settings.distil, settings.continuation, settings.dtype),
        [(new.token, new.parts) for new in expansion.additions],
        (texts.terms, texts.texts, texts.general_sample(), texts.further),
    )


def fit_rows(
    inputs: FitInputs,
    settings: FitSettings,
    cache: FitCache = NOTHING,
    progress: Progress = silent,
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return fitted rows by tensor name, `[new, width]` each, and figures for the report.

    The base model is loaded; nothing of it changes.

    Args:
        inputs: The expansion, the base's weights, and the texts.
        settings: Whether rows are distilled or only suppressed.
        cache: What an interrupted fit of the same inputs has kept.
        progress: Called per text, context and step.

    Raises:
        LexgraftError: too little general text to suppress on, or no text shows a new token.
    """
    rows = inputs.initial_rows()
    folder = inputs.base.folder
    model = TransformersModel.load(folder, str(folder), settings.threads)
    engines = (
        TokenizerEngine(inputs.expansion.base),
        TokenizerEngine(expanded_tokenizer(inputs.expansion)),
    )
    general = unchanged_texts(*engines, inputs.texts.general_sample(), model.start_tokens)
    if settings.distil is None:
        rows, max_loss = suppress_rows(model.module, general, rows, progress)
        figures: dict[str, Any] = {"nats taken at most": max_loss}
    else:
        fit = _Distillation(inputs, settings, settings.distil, model, engines, cache)
        rows, figures = fit.run(rows, general, progress)
    fitted = {
        name: tensor
        for name, tensor in zip(inputs.tensor_names, rows, strict=True)
        if name is not None and tensor is not None
    }
    return fitted, {**figures, "general texts": len(general)}


class _Distillation(NamedTuple):
    """One distillation: the model in the format it is taught in, the texts in both tokenizers."""

    inputs: FitInputs
    settings: FitSettings
    steps: int
    model: TransformersModel
    engines: tuple[TokenizerEngine, TokenizerEngine]
    cache: FitCache

    def run(
        self, start: NewTokenRows, general: list[AlignedText], progress: Progress
    ) -> tuple[NewTokenRows, dict[str, Any]]:
        expansion, base, texts = self.inputs.expansion, self.inputs.base, self.inputs.texts
        first, start_tokens = expansion.base.size, self.model.start_tokens
        passages = [text for _, text in (*texts.texts, *texts.terms)]
        aligned = align_texts(*self.engines, [*passages, *texts.general_sample()], start_tokens)
        reader = self._reader()
        further = texts_with_new_tokens(self.engines[1], [text for _, text in texts.further], first)
        continued = self._continued(reader, further, progress)
        aligned_further = align_texts(*self.engines, continued, start_tokens)
        entry = base.tensors[head_name(base) or embedding_name(base)]
        fitted = distil_rows(
            self.model.module,
            [*aligned, *aligned_further],
            start,
            [addition.parts for addition in expansion.additions],
            first,
            self.steps,
            general,
            first_piece_rows(entry, expansion.additions),
            reader.module,
            self.cache,
            progress,
        )
        return fitted.rows, {
            "nats a new token is off": fitted.writing,
            "nats apart after it": fitted.reading,
            "nats a token taken": fitted.leaked,
            "texts": len(aligned),
            "read besides": len(aligned_further),
        }

    def _reader(self) -> TransformersModel:
        """Return the model in the format that it is asked in."""
        if self.settings.dtype == "float32":
            return self.model
        folder, threads = self.inputs.base.folder, self.settings.threads
        return TransformersModel.load(folder, str(folder), threads, dtype=self.settings.dtype)

    def _continued(
        self, model: TransformersModel, texts: list[str], progress: Progress
    ) -> list[str]:
        """Return texts with what the model says next, drawn from what is likeliest there."""
        continued = self.cache.texts("ahead")
        for start in range(len(continued), len(texts), BATCH):
            progress("going on with further texts", start, len(texts))
            batch = texts[start : start + BATCH]
            endings = model.generate(
                batch, self.settings.continuation, (), likeliest(LIKELIEST, start)
            )
            # the end may be the first bytes of a character: U+FFFD says nothing
            continued += [
                text + ending.rstrip("\ufffd") for text, ending in zip(batch, endings, strict=True)
            ]
            self.cache.keep_texts("ahead", continued)
        return continued
