"""Grow a model's vocabulary in one call: terms and texts → plan → rows fitted → folder written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from lexgraft.files.hub import named_model
from lexgraft.files.ownership import check_outputs, real_path, refuse_foreign
from lexgraft.records import Concept, Progress, digest, silent
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.folder_writer import refuse_taken
from lexgraft.weights.checkpoint.full_precision import open_full_precision
from lexgraft.weights.checkpoint.written_folder import finished_manifest
from lexgraft.weights.vocabulary.expanded_folder import (
    has_weights,
    open_donor,
    request_of,
    write_model,
    write_tokenizer,
    written_before,
)
from lexgraft.weights.vocabulary.expansion_plan import (
    ExpansionRequest,
    ExpansionSettings,
    VocabularyPlan,
    plan_vocabulary,
)
from lexgraft.weights.vocabulary.expansion_texts import (
    ExpansionTexts,
    Passage,
    read_passages,
    read_terms_as_passages,
)
from lexgraft.weights.vocabulary.fit.fit_settings import FitSettings
from lexgraft.weights.vocabulary.new_rows import How, RowDonor

MEASURED = 24  # texts of a kind on which bits per byte are measured
WINDOW = 160  # tokens of each


@dataclass(frozen=True)
class VocabularyExpansion:
    """A planned vocabulary with its report, and what was written of it."""

    base: Path
    plan: VocabularyPlan
    texts: ExpansionTexts
    output: Path | None = None  # None: planned alone
    rows: Mapping[str, Mapping[str, int]] = field(default_factory=dict[str, Mapping[str, int]])
    """Tensor → where its new rows came from → how many; empty for a tokenizer alone."""
    fit: Mapping[str, Any] | None = None  # figures of the fit


def expand_vocabulary(
    model: str | Path,
    terms: Sequence[str | Path | Concept] = (),
    texts: Sequence[str | Path | Passage] = (),
    output: str | Path | None = None,
    *,
    donor: str | Path | None = None,
    general: Sequence[str | Path | Passage] = (),
    held_out: Sequence[str | Path | Passage] = (),
    further: Sequence[str | Path | Passage] = (),
    settings: ExpansionSettings | None = None,
    rows: How = "auto",
    pad_to_multiple_of: int = 1,
    fit: FitSettings | None = None,
    progress: Progress = silent,
) -> VocabularyExpansion:
    """Add technical words to a tokenizer in its own algorithm, and to the model that has it.

    Candidates are the words of the terms and the donor's tokens or, with neither, of the texts;
    those that save most come first. An interrupted call goes on where it was when made again.

    Args:
        model: A folder with weights and tokenizer.json, or the latter alone; or a cached Hub id.
        terms: Term bases in any format that is read here, or concepts.
        texts: The user's text, by which words are chosen: `.txt` files (one text a line), JSON
            lines of `Document`, or pairs of a language and a text.
        output: A new folder for the grown model; None plans alone and writes nothing.
        donor: A model whose tokens are candidates and whose rows are used.
        general: Text that must be tokenized as before, and on which rows are fitted.
        held_out: Text for the report alone; without it, a fifth of `texts`.
        further: Text to distil on, which the base itself goes on with; nothing is chosen by it.
        settings: Which candidates become tokens; None: the defaults.
        rows: Where new rows come from: the donor's as they are (`donor`) or in sparse combinations
            of shared tokens (`sparse`), the mean of the pieces (`mean`), or what fits (`auto`).
        pad_to_multiple_of: The number of rows is padded to a multiple of this.
        fit: How new rows are fitted on text, which loads the model; None leaves them as they are.
        progress: Called with what is being done, how much of it is done, and how much there is.

    Raises:
        LexgraftError: nothing worth adding; a tokenizer that is refused or not its weights'; an
            output that is an input or not empty; too little text for the fit.

    Example:
        >>> expand_vocabulary("gemma/", ["terms.csv"], ["notes.txt"], "out/")  # doctest: +SKIP
    """
    base = named_model(str(model), Path())
    donor_folder = None if donor is None else named_model(str(donor), Path())
    if output is not None:
        sources = (*terms, *texts, *general, *held_out, *further)
        files = [Path(source) for source in sources if isinstance(source, str | Path)]
        folders = [base] if donor_folder is None else [base, donor_folder]
        check_output(Path(output), [*folders, *files], fitted=fit is not None)
    passages = (read_passages(sources) for sources in (texts, general, held_out, further))
    read = ExpansionTexts(read_terms_as_passages(terms), *passages)
    plan = _plan(base, donor_folder, read, settings or ExpansionSettings(), progress)
    if output is None:
        return VocabularyExpansion(base, plan, read)
    writer = _Writer(base, donor_folder, Path(output), rows, pad_to_multiple_of)
    return writer.write(plan, read, fit, progress)


def check_output(output: Path, inputs: Sequence[Path], *, fitted: bool) -> None:
    """Raise for an output folder that cannot be written, before any work.

    Args:
        output: The folder to write; beside it `OUTPUT.fit` holds what a fit keeps.
        inputs: All files and folders that are read.
        fitted: Whether rows will be fitted.

    Raises:
        LexgraftError: the folder, or `OUTPUT.fit`, is an input, holds one, lies in one, or is there
            and not of an interrupted run.
    """
    check_outputs([output], inputs, folders=True)
    if "request" not in (finished_manifest(output) or {}):  # compared when the plan is known
        refuse_taken(output, inputs)
    if fitted:
        cache = real_path(output).with_name(f"{output.name}.fit")
        check_outputs([cache], inputs, folders=True)
        refuse_foreign(cache, "fit", real_path(output))


def measure_bits(
    folder: Path, texts: ExpansionTexts, threads: int, device: str = "auto"
) -> dict[str, float]:
    """Return bits per UTF-8 byte of a model on the first texts of each kind that was given.

    Kinds are `general` and `held-out`; for the latter the user's texts stand in. Models of other
    tokenizers can be compared by it, for the bytes are the same.
    """
    from lexgraft.models.transformers import TransformersModel

    kinds = {"general": texts.general, "held-out": texts.held_out or texts.texts}
    model = TransformersModel.load(folder, str(folder), threads, device=device)
    bits: dict[str, float] = {}
    for kind, passages in kinds.items():
        if passages:
            scores = model.text_bits([text for _, text in passages[:MEASURED]], WINDOW)
            bits[kind] = sum(n for n, _ in scores) / max(1, sum(size for _, size in scores))
    return bits


def _plan(
    base: Path,
    donor: Path | None,
    texts: ExpansionTexts,
    settings: ExpansionSettings,
    progress: Progress,
) -> VocabularyPlan:
    general = [text for _, text in texts.general]
    request = ExpansionRequest(
        base, texts.terms, texts.texts, donor, general, texts.held_out, settings
    )
    return plan_vocabulary(request, progress)


@dataclass(frozen=True)
class _Writer:
    """Where an expansion is written, and where its rows come from."""

    base: Path
    donor: Path | None
    output: Path
    rows: How
    pad_to_multiple_of: int

    def write(
        self,
        plan: VocabularyPlan,
        texts: ExpansionTexts,
        fit: FitSettings | None,
        progress: Progress,
    ) -> VocabularyExpansion:
        if not has_weights(self.base):
            write_tokenizer(plan.expansion, self.base, self.output)
            return VocabularyExpansion(self.base, plan, texts, self.output)
        # a donor may be a tokenizer alone: it has words then and no rows
        has_rows = self.donor is not None and has_weights(self.donor)
        donor = open_donor(self.donor) if self.donor is not None and has_rows else None
        base = open_full_precision(self.base)
        request = request_of(plan.expansion, base, donor, self.rows, self.pad_to_multiple_of)
        if fit is None:
            origins = written_before(self.output, request)
            if origins is None:
                origins = self._model(plan, base, donor, request, None, progress)
            return VocabularyExpansion(self.base, plan, texts, self.output, origins)
        from lexgraft.weights.vocabulary.fit import fit_rows as fitting

        inputs = fitting.FitInputs(plan.expansion, base, donor, self.rows, texts)
        request = digest(request, fitting.fit_key(inputs, fit))
        figures, origins = None, written_before(self.output, request)
        cache = fitting.open_fit_cache(inputs, fit, self.output)
        if origins is None:
            fitted, figures = fitting.fit_rows(inputs, fit, cache, progress)
            origins = self._model(plan, base, donor, request, fitted, progress)
        cache.drop()
        return VocabularyExpansion(self.base, plan, texts, self.output, origins, figures)

    def _model(
        self,
        plan: VocabularyPlan,
        base: Checkpoint,
        donor: RowDonor | None,
        request: str,
        fitted: Mapping[str, Tensor] | None,
        progress: Progress,
    ) -> dict[str, dict[str, int]]:
        """Write the grown model; return how its new rows came about."""
        return write_model(
            plan.expansion,
            base,
            self.output,
            donor,
            self.rows,
            self.pad_to_multiple_of,
            fitted,
            progress,
            request,
        )
