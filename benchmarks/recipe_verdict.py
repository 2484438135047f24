"""What is said of one recipe in two tools: which kinds of difference were found, which explained.

A recipe states what is known to differ in comments: `# differs: KIND=KEY`, where KEY stands in
docs/mergekit.md. Kinds are `tensors`, `names`, `shapes`, `dtypes`, `config`, `tokenizer`,
`refused-here`, `refused-there`, and of values

* `rounding`: they are equal as soon as the same models are stored and merged in float32,
* `chance`: both tools draw what they keep; with one rule of rescaling (`rescale_norm: l1`) and in
  float32 both move as large a share of the elements, as far,
* `values`: nothing of that kind. It says how far it goes, `values=KEY at most 0.1 %`: the norm of
  the differences in float32, over that of the result.

A difference that is not stated is unexplained, and so is one that is stated and not found.
"""

import re
from pathlib import Path
from typing import Any, NamedTuple

import torch
import yaml
from recipe_compare import Beside, compared, tensors_of

SHARE, SLOPE = 0.01, 0.03  # what two drawn merges of 200,000 elements may differ by
_STATED = re.compile(r"^# differs: ([\w-]+)(?:=([\w-]+))?(?: at most ([\d.]+) %)?$", re.MULTILINE)
DRAWN = ("dare_linear", "dare_ties", "della", "della_linear")


class Run(NamedTuple):
    """One tool's result of a recipe: its folder, or why there is none."""

    output: Path
    refusal: str | None


class Verdict(NamedTuple):
    """What was found out about one recipe."""

    recipe: str
    found: dict[str, list[str]]  # kind → lines
    largest: float
    elements: int  # that differ as the recipe is written
    distance: float  # of the results in float32: norm of the differences over that of the result
    unexplained: list[str]

    @property
    def text(self) -> str:
        """The verdict in a word or a few."""
        if self.unexplained:
            return f"UNEXPLAINED: {'; '.join(self.unexplained)}"
        return ", ".join(self.found) or "equal"


def verdict(recipe: Path, page: str, written: tuple[Run, Run], exact: tuple[Run, Run]) -> Verdict:
    """Return what differs between two tools, as a recipe is written and in float32."""
    found: dict[str, list[str]] = {}
    for side, run in zip(("here", "there"), written, strict=True):
        if run.refusal is not None:
            found[f"refused-{side}"] = [run.refusal]
    beside = Beside({}, {})
    if not found:
        beside = compared(written[0].output, written[1].output)
        found |= beside.said
        kind, lines = _values(recipe, beside, exact)
        if kind:
            found[kind] = lines
    distance = _distance(exact) if "values" in found else 0.0
    lines = _STATED.findall(recipe.read_text())
    stated = {kind: key or kind for kind, key, _ in lines}
    most = {kind: float(bound or 0) / 100 for kind, _, bound in lines}
    wrong = [f"{kind} ({found[kind][0]})" for kind in found if kind not in stated]
    wrong += [f"{kind} is stated and not found" for kind in stated if kind not in found]
    wrong += [f"`{key}` is not in the page" for key in stated.values() if f"`{key}`" not in page]
    if distance > most.get("values", 0.0):
        wrong.append(f"differs by {distance:.3%} in float32")
    elements = sum(differ for differ, _, _ in beside.values.values())
    return Verdict(recipe.stem, found, beside.largest, elements, distance, wrong)


def _distance(exact: tuple[Run, Run]) -> float:
    """Return how far the results in float32 are apart; 1 where one of them is missing."""
    if any(run.refusal is not None for run in exact):
        return 1.0
    return compared(exact[0].output, exact[1].output).distance


def _values(recipe: Path, beside: Beside, exact: tuple[Run, Run]) -> tuple[str, list[str]]:
    """Return the kind of difference between values, and what to say of it."""
    if not beside.values and all(run.refusal is None for run in exact):
        again = compared(exact[0].output, exact[1].output)
        return ("values", _lines(again)) if again.values else ("", [])
    if any(run.refusal is not None for run in exact):
        return "values", ["in float32 the recipe is refused"]
    if yaml.safe_load(recipe.read_text())["merge_method"] in DRAWN:
        here, there = (_moved(recipe, run.output) for run in exact)
        line = (
            f"moved share {here[0]:.4f} | {there[0]:.4f}, as far as {here[1]:.3f} | {there[1]:.3f}"
        )
        alike = abs(here[0] - there[0]) < SHARE and abs(here[1] - there[1]) < SLOPE
        return "chance" if alike else "values", [line]
    again = compared(exact[0].output, exact[1].output)
    return ("values", _lines(again)) if again.values else ("rounding", _lines(beside))


def _lines(beside: Beside) -> list[str]:
    return [
        f"{name}: {differ} of {size}, at most {largest:.2g}"
        for name, (differ, size, largest) in beside.values.items()
    ]


def _moved(recipe: Path, output: Path) -> tuple[float, float]:
    """Return the share of elements that a result moved, and how far along the models' deltas."""
    content: dict[str, Any] = yaml.safe_load(recipe.read_text())
    models = output.parents[1]
    base = tensors_of(models / content["base_model"])
    tuned = [tensors_of(models / item["model"]) for item in content["models"]]
    result = tensors_of(output)
    changed = size = 0
    along = norm = 0.0
    for name, start in base.items():
        if start.ndim < 2 or result[name].shape != start.shape:
            continue
        delta = (result[name] - start).double()
        sum_of_deltas = torch.stack([model[name] - start for model in tuned]).double().sum(0)
        changed += int((delta != 0).sum())
        size += delta.numel()
        along += float((delta * sum_of_deltas).sum())
        norm += float((sum_of_deltas**2).sum())
    return changed / size, along / norm
