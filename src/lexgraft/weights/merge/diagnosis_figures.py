"""What a diagnosis says: figures by model, pair, layer and role; tables, warnings, grids."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from lexgraft.records import Grid

ROLES = ("embedding", "attention", "mlp", "norm", "head", "other")
FAR = 0.5  # relative size of a delta from which a model hardly descends from the base
ALIKE = 0.98  # cosine from which two deltas are nearly one
AGAINST = 0.55  # sign conflict clearly above its baseline
UNEQUAL = 5.0  # ratio of two deltas' sizes from which the larger one rules
LITTLE = 0.1  # share of a delta that is hardly left
FEW = 0.25  # share of the directions there are


class ModelFigures(Struct, frozen=True, forbid_unknown_fields=True):
    """One model's delta in one region."""

    label: str
    norm: float  # Euclidean
    relative: float  # to the base's norm
    rank: float | None  # effective rank, mean of the matrices; None: no matrix, or no delta
    directions: float | None  # the greatest rank that could show, mean of the same matrices
    survival: float | None  # share of the delta left in the merge; None: no delta


class PairFigures(Struct, frozen=True, forbid_unknown_fields=True):
    """Two models' deltas in one region; None: one of them is zero."""

    first: str
    second: str
    cosine: float | None
    conflict: float | None  # opposite signs among elements that both change; chance: 0.5
    overlap: float | None  # share that the largest fifths have in common; chance: 0.2


class DiagnosisRegion(Struct, frozen=True, forbid_unknown_fields=True):
    """Tensors of one layer and role, or all of a role, of a layer, or of the model."""

    layer: int | None  # None: of no layer, or of all
    role: str  # empty: all
    elements: int
    merged: float  # Euclidean norm of what the merge adds to the base
    merged_relative: float  # to the base's norm
    models: tuple[ModelFigures, ...]
    pairs: tuple[PairFigures, ...]


class Diagnosis(Struct, frozen=True, forbid_unknown_fields=True):
    """What the files say about a merge before it is made."""

    method: str
    labels: tuple[str, ...]
    whole: DiagnosisRegion
    roles: tuple[DiagnosisRegion, ...]
    layers: tuple[DiagnosisRegion, ...]
    cells: tuple[DiagnosisRegion, ...]  # by layer and role
    warnings: tuple[str, ...] = ()


def warnings_of(overall: DiagnosisRegion) -> tuple[str, ...]:
    """Return what a reader should know, in sentences; a diagnosis does not decide."""
    return (*_about_models(overall.models), *_about_pairs(overall.pairs))


def model_rows(diagnosis: Diagnosis) -> list[list[str]]:
    """Return the table of the models: over everything, then by role."""
    rows = [["delta of", "in", "norm", "relative", "effective rank", "left"]]
    for region in (diagnosis.whole, *diagnosis.roles):
        for model in region.models:
            rank = "" if model.rank is None else f"{model.rank:.1f}"
            relative = f"{model.relative:.4f}"
            title = region.role or "all"
            rows.append(
                [model.label, title, f"{model.norm:.4g}", relative, rank, _share(model.survival)]
            )
        size = [f"{region.merged:.4g}", f"{region.merged_relative:.4f}"]
        rows.append(["the merge", region.role or "all", *size, "", ""])
    return rows


def pair_rows(diagnosis: Diagnosis) -> list[list[str]]:
    """Return the table of the pairs: over everything, then by role."""
    rows = [["pair", "in", "cosine", "sign conflict (50 %)", "overlap of top 20 % (20 %)"]]
    for region in (diagnosis.whole, *diagnosis.roles):
        for pair in region.pairs:
            cosine = "" if pair.cosine is None else f"{pair.cosine:+.3f}"
            name = f"{pair.first} · {pair.second}"
            shares = [_share(pair.conflict), _share(pair.overlap)]
            rows.append([name, region.role or "all", cosine, *shares])
    return rows


def layer_rows(diagnosis: Diagnosis) -> list[list[str]]:
    """Return the table of the layers: relative size and what is left, model by model."""
    heads = [f"{label}: {what}" for label in diagnosis.labels for what in ("relative", "left")]
    rows = [["layer", *heads]]
    for region in diagnosis.layers:
        by_label = {model.label: model for model in region.models}
        cells: list[str] = []
        for label in diagnosis.labels:
            figures = by_label.get(label)
            cells += (
                ["", ""]
                if figures is None
                else [f"{figures.relative:.4f}", _share(figures.survival)]
            )
        rows.append(["none" if region.layer is None else str(region.layer), *cells])
    return rows


def grids(diagnosis: Diagnosis) -> list[Grid]:
    """Return the figures by layer and role as grids to be drawn."""
    tables: list[Grid] = []
    for label in diagnosis.labels:
        for name, key, middle, note in (
            ("relative size of the delta", "relative", None, "delta norm over base norm"),
            ("share left in the merge", "survival", None, "1: all of it, 0: nothing"),
            ("effective rank", "rank", None, "directions that the delta moves in, of at most 256"),
        ):
            values = {
                (cell.layer, cell.role): getattr(model, key)
                for cell in diagnosis.cells
                for model in cell.models
                if model.label == label
            }
            tables.append(_grid(f"{label}: {name}", note, diagnosis.cells, values, middle))
    pairs = [(pair.first, pair.second) for pair in diagnosis.whole.pairs]
    for first, second in pairs:
        for name, key, middle, note in (
            ("cosine", "cosine", 0.0, "1: one direction, 0: unrelated, -1: opposed"),
            ("sign conflict", "conflict", 0.5, "0.5 is chance"),
            ("overlap of the largest fifths", "overlap", 0.2, "0.2 is chance"),
        ):
            values = {
                (cell.layer, cell.role): getattr(pair, key)
                for cell in diagnosis.cells
                for pair in cell.pairs
                if (pair.first, pair.second) == (first, second)
            }
            title = f"{first} · {second}: {name}"
            tables.append(_grid(title, note, diagnosis.cells, values, middle))
    return tables


def _grid(
    title: str,
    note: str,
    cells: Sequence[DiagnosisRegion],
    values: dict[tuple[int | None, str], float | None],
    middle: float | None,
) -> Grid:
    """Return one figure of all cells, layers down, roles across."""
    layers = sorted({c.layer for c in cells}, key=lambda number: -1 if number is None else number)
    roles = [role for role in ROLES if any(cell.role == role for cell in cells)]
    return Grid(
        title=title,
        note=note,
        rows=tuple("none" if layer is None else str(layer) for layer in layers),
        columns=tuple(roles),
        values=tuple(tuple(values.get((layer, role)) for role in roles) for layer in layers),
        middle=middle,
    )


def _about_models(models: Sequence[ModelFigures]) -> Iterator[str]:
    """Yield what is remarkable about single models."""
    changed = [figures for figures in models if figures.norm > 0]
    for model in models:
        if model.norm == 0:
            yield f"`{model.label}` does not differ from the base"
        if model.relative >= FAR:
            yield (
                f"`{model.label}` is {model.relative:.0%} as far from the base as the base is from "
                "zero: does it descend from this base?"
            )
        if model.rank and model.directions and model.rank <= FEW * model.directions:
            yield (
                f"`{model.label}` moves in few directions (effective rank {model.rank:.0f} of at "
                f"most {model.directions:.0f}): `lexgraft extract` keeps such a delta in a small "
                "adapter"
            )
        if model.survival is not None and model.survival < LITTLE:
            yield f"of `{model.label}` {model.survival:.0%} is left in this merge"
    if changed:
        small, large = min(changed, key=_norm), max(changed, key=_norm)
        if large.norm > UNEQUAL * small.norm:
            yield (
                f"the delta of `{large.label}` is {large.norm / small.norm:.0f} times as large as "
                f"that of `{small.label}`: at equal weights it rules, also over elected signs"
            )


def _about_pairs(pairs: Sequence[PairFigures]) -> Iterator[str]:
    """Yield what is remarkable about pairs."""
    for pair in pairs:
        names = f"`{pair.first}` and `{pair.second}`"
        if pair.cosine is not None and pair.cosine >= ALIKE:
            yield f"{names} have nearly the same delta (cosine {pair.cosine:.3f})"
        if pair.conflict is not None and pair.conflict >= AGAINST:
            yield (
                f"{names} disagree on the sign of {pair.conflict:.0%} of the elements, more than "
                "chance (50 %): they were trained against each other, or the base is not theirs"
            )


def _norm(figures: ModelFigures) -> float:
    return figures.norm


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
