"""Diagnosis: every figure by hand once, against float64 always, and the warnings it earns."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from weights.merge.family import Tensors, save, save_family

from lexgraft.cli import main
from lexgraft.files.hub import find_model
from lexgraft.weights.merge.delta_statistics import SAMPLE, diagnose, effective_rank
from lexgraft.weights.merge.diagnosis_figures import (
    Diagnosis,
    grids,
    layer_rows,
    model_rows,
    pair_rows,
)
from lexgraft.weights.merge.multi_recipe import plan_stages
from lexgraft.weights.merge.recipe import read_recipes

pytestmark = pytest.mark.slow

NAME = "model.layers.0.mlp.down_proj.weight"
PLAIN = """
models: [{model: a}, {model: b}]
merge_method: task_arithmetic
base_model: base
parameters: {weight: 0.5}
"""


def diagnosed(folder: Path, text: str = PLAIN) -> Diagnosis:
    (folder / "recipe.yaml").write_text(text)
    recipes = read_recipes(folder / "recipe.yaml")
    (stage,) = plan_stages(recipes, lambda path, at: find_model(path, at, folder), 0)
    return diagnose(stage.plan)


def save_single(folder: Path, **models: list[list[float]]) -> None:
    for name, values in models.items():
        save(folder / name, {NAME: torch.tensor(values)}, num_hidden_layers=1)


def test_every_figure_by_hand(tmp_path: Path) -> None:
    save_single(
        tmp_path,
        base=[[1.0, 0.0, 0.0, 0.0, 2.0], [0.0, 2.0, 0.0, 0.0, 0.0]],  # norm 3
        a=[[4.0, 4.0, 0.0, 0.0, 2.0], [0.0, 2.0, 0.0, 0.0, 0.0]],  # delta 3, 4: norm 5
        b=[[1.0, 1.0, 0.0, 0.0, 2.0], [0.0, 2.0, -2.0, 0.0, 2.0]],  # delta 1, -2, 2: norm 3
    )
    found = diagnosed(tmp_path)
    a, b = found.whole.models
    (pair,) = found.whole.pairs
    assert (a.norm, b.norm) == (5, 3)
    assert a.relative == pytest.approx(5 / 3)
    assert pair.cosine == pytest.approx(4 / 15)
    assert pair.conflict == 0  # both change one element, in one direction
    # the largest two of ten: elements 0, 1 of a; elements 7, 9 of b
    assert pair.overlap == 0
    # merged delta = (a + b) / 2; along a: (25 + 4) / 2 / 25; along b: (4 + 9) / 2 / 9
    assert a.survival == pytest.approx(0.58)
    assert b.survival == pytest.approx(13 / 18)
    # that delta is 3/2, 5/2, -2/2, 2/2
    assert found.whole.merged == pytest.approx(42**0.5 / 2)
    assert found.whole.merged_relative == pytest.approx(42**0.5 / 6)
    assert ["the merge", "all", "3.24", "1.0801", "", ""] in model_rows(found)
    assert a.rank == pytest.approx(1)
    # b's rows (0, 1, 0, 0, 0) and (0, 0, -2, 0, 2): singular values 1 and √8
    shares = np.array([1, np.sqrt(8)]) / (1 + np.sqrt(8))
    assert b.rank == pytest.approx(np.exp(-(shares * np.log(shares)).sum()))


def test_opposite_signs_and_shared_places_are_counted(tmp_path: Path) -> None:
    save_single(
        tmp_path,
        base=[[0.0] * 5, [0.0] * 5],
        a=[[9.0, 8.0, 1.0, 1.0, 1.0], [1.0, 1.0, 0.0, 0.0, 0.0]],
        b=[[-9.0, 1.0, -1.0, 1.0, 1.0], [1.0, -8.0, 5.0, 0.0, 0.0]],
    )
    (pair,) = diagnosed(tmp_path).whole.pairs
    assert pair.conflict == pytest.approx(3 / 7)
    assert pair.overlap == 0.5  # {0, 1} and {0, 6}


def test_figures_agree_with_float64_over_the_whole_model(tmp_path: Path) -> None:
    family = save_family(tmp_path)
    found = diagnosed(tmp_path)

    def flat(name: str) -> torch.Tensor:
        return torch.cat([family[name][key].double().flatten() for key in sorted(family[name])])

    base = flat("base")
    deltas = {name: flat(name) - base for name in "ab"}
    for one in found.whole.models:
        assert one.norm == pytest.approx(float(deltas[one.label].norm()), rel=1e-6)
        assert one.relative == pytest.approx(float(deltas[one.label].norm() / base.norm()))
        merged = (deltas["a"] + deltas["b"]) / 2
        left = merged @ deltas[one.label] / deltas[one.label].square().sum()
        assert one.survival == pytest.approx(float(left), rel=1e-5)
    (pair,) = found.whole.pairs
    assert pair.cosine == pytest.approx(
        float(torch.nn.functional.cosine_similarity(deltas["a"], deltas["b"], dim=0)), abs=1e-6
    )
    assert pair.conflict == pytest.approx(
        float((deltas["a"] * deltas["b"] < 0).double().mean()), abs=1e-9
    )
    assert sum(cell.elements for cell in found.cells) == found.whole.elements == len(base)
    assert [region.layer for region in found.layers] == [None, 0, 1, 2, 3]


@pytest.mark.slow
def test_blocks_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lexgraft.weights.merge import delta_statistics as module

    save_family(tmp_path)
    whole = diagnosed(tmp_path)
    monkeypatch.setattr("lexgraft.weights.merge.block_shapes.BLOCK", 7)
    monkeypatch.setattr(module, "KEPT", 0)
    parts = diagnosed(tmp_path)
    for one, other in zip(whole.whole.models, parts.whole.models, strict=True):
        assert one.norm == pytest.approx(other.norm)
        assert one.survival == pytest.approx(other.survival)
        assert one.rank == pytest.approx(other.rank)
    assert whole.whole.pairs[0].overlap == parts.whole.pairs[0].overlap


def test_a_low_rank_delta_shows_its_rank_whatever_rows_are_looked_at() -> None:
    generator = np.random.default_rng(0)
    orthogonal = np.linalg.qr(generator.standard_normal((2 * SAMPLE, 8)))[0]
    assert effective_rank(orthogonal.T) == pytest.approx(8)
    low = generator.standard_normal((SAMPLE, 3)) @ generator.standard_normal((3, 40))
    assert 2 < effective_rank(low) <= 3
    assert effective_rank(np.zeros((4, 4))) == 0


def test_what_is_remarkable_is_said(tmp_path: Path) -> None:
    family = save_family(tmp_path)
    base, a = family["base"], family["a"]

    def moved(**shift: float) -> Tensors:
        return {
            key: base[key] + sum(f * (family[n][key] - base[key]) for n, f in shift.items())
            for key in base
        }

    save(tmp_path / "twin", moved(a=0.99, b=0.01))
    save(tmp_path / "foe", moved(a=-8.0))
    save(tmp_path / "same", {key: tensor.clone() for key, tensor in base.items()})
    text = PLAIN.replace("{model: b}", "{model: twin}, {model: foe}, {model: same}")
    said = "\n".join(diagnosed(tmp_path, text).warnings)
    assert "`a` and `twin` have nearly the same delta" in said
    assert "`a` and `foe` disagree on the sign of 100%" in said
    assert "`foe` is 8" in said  # 80 per cent as far as the base from zero
    assert "`same` does not differ" in said
    assert "times as large" in said
    assert a


def test_the_verb_prints_tables_json_and_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_family(tmp_path)
    (tmp_path / "recipe.yaml").write_text(PLAIN)
    page = tmp_path / "heat.html"
    assert main(["diagnose", str(tmp_path / "recipe.yaml"), "--html", str(page)]) == 0
    shown = capsys.readouterr().out
    for part in ("sign conflict", "effective rank", "left", "Layers"):
        assert part in shown
    text = page.read_text()
    assert text.count("<table>") == 2 * 3 + 3
    assert "http" not in text.replace("http-equiv", "")
    assert main(["diagnose", str(tmp_path / "recipe.yaml"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["labels"] == ["a", "b"]


def test_tables_and_grids_have_one_shape(tmp_path: Path) -> None:
    save_family(tmp_path)
    found = diagnosed(tmp_path)
    for rows in (model_rows(found), pair_rows(found), layer_rows(found)):
        assert {len(row) for row in rows} == {len(rows[0])}
    for grid in grids(found):
        assert (len(grid.values), len(grid.values[0])) == (len(grid.rows), len(grid.columns))
