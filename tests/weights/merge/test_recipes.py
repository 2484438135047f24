"""mergekit recipes: read strictly, planned from headers, merged as a direct computation says."""

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from weights.merge.conftest import save_adapter
from weights.merge.family import LAYERS, Tensors, load, save, save_family, tensors_of

from lexgraft.errors import LexgraftError
from lexgraft.files.hub import find_model
from lexgraft.weights.merge.merge_plan import MergePlan
from lexgraft.weights.merge.multi_recipe import plan_stages, run_stages
from lexgraft.weights.merge.plan_text import describe, summary
from lexgraft.weights.merge.recipe import ModelName, is_recipe, parse_model, read_recipes
from lexgraft.weights.merge.recipe_parameters import settings_of
from lexgraft.weights.methods import METHODS, get_method

pytestmark = pytest.mark.slow


@pytest.fixture
def family(tmp_path: Path) -> dict[str, Tensors]:
    return save_family(tmp_path)


def plans(folder: Path, text: str) -> list[MergePlan]:
    (folder / "recipe.yaml").write_text(text)
    recipes = read_recipes(folder / "recipe.yaml")
    stages = plan_stages(recipes, lambda path, at: find_model(path, at, folder), 0)
    return [stage.plan for stage in stages]


def merged(folder: Path, text: str) -> Tensors:
    (folder / "recipe.yaml").write_text(text)
    recipes = read_recipes(folder / "recipe.yaml")
    run_stages(recipes, lambda path, at: find_model(path, at, folder), 0, folder / "out")
    return load(folder / "out")


def close(found: torch.Tensor, exact: torch.Tensor) -> bool:
    return torch.allclose(found.double(), exact, rtol=0, atol=5e-7)


def test_linear_without_a_base_is_the_weighted_mean(
    tmp_path: Path, family: dict[str, Tensors]
) -> None:
    found = merged(
        tmp_path,
        """
models:
  - {model: a, parameters: {weight: 0.5}}
  - {model: b, parameters: {weight: 0.3}}
  - {model: c, parameters: {weight: 1}}
merge_method: linear
dtype: float32
""",
    )
    a, b, c = (family[name] for name in "abc")
    for name, tensor in found.items():
        exact = (0.5 * a[name].double() + 0.3 * b[name].double() + c[name].double()) / 1.8
        assert close(tensor, exact)
    assert sorted(found) == sorted(a)


def test_gradients_run_over_the_layers_and_filters_pick_tensors(
    tmp_path: Path, family: dict[str, Tensors]
) -> None:
    found = merged(
        tmp_path,
        """
models:
  - model: a
    parameters:
      weight:
        - {filter: self_attn, value: [0, 1, 0]}
        - {filter: norm, value: 0.25}
  - model: b
    parameters: {weight: [1, 0.4]}
base_model: base
merge_method: task_arithmetic
parameters: {weight: 0.5}
dtype: float32
""",
    )
    base, a, b = (family[name] for name in ("base", "a", "b"))
    at_layer = [0, 2 / 3, 2 / 3, 0]  # [0, 1, 0] at depths 0, 1/3, 2/3, 1
    for name, tensor in found.items():
        layer = int(name.split(".")[2]) if ".layers." in name else None
        first = 0.25 if "norm" in name else 0.5  # the rest falls through to the recipe's own
        if "self_attn" in name and layer is not None:
            first = at_layer[layer]
        depth = 0 if layer is None else layer / (LAYERS - 1)  # mergekit: 0 for the head as well
        second = 1 - 0.6 * depth
        origin = base[name].double()
        exact = origin + first * (a[name].double() - origin) + second * (b[name].double() - origin)
        assert close(tensor, exact), name


def slerped(t: float, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    first, second = first.double(), second.double()
    cosine = (first * second).sum() / first.norm() / second.norm()
    if cosine.abs() > 0.9995:
        return (1 - t) * first + t * second
    angle = torch.arccos(cosine)
    return (torch.sin((1 - t) * angle) * first + torch.sin(t * angle) * second) / torch.sin(angle)


def test_slerp_goes_from_the_base_to_the_other_whatever_their_order(
    tmp_path: Path, family: dict[str, Tensors]
) -> None:
    found = merged(
        tmp_path,
        """
slices:
  - sources:
      - {model: b, layer_range: [0, 4]}
      - {model: a, layer_range: [0, 4]}
merge_method: slerp
base_model: a
parameters:
  t:
    - {filter: self_attn, value: [0, 0.5, 0.3, 0.7, 1]}
    - {filter: mlp, value: [1, 0.5, 0.7, 0.3, 0]}
    - value: 0.5
dtype: float32
""",
    )
    a, b = family["a"], family["b"]
    rows = {  # five points over four layers: layer 1 stands at 4/3, layer 2 at 8/3
        "self_attn": [0.0, 0.5 * 2 / 3 + 0.3 / 3, 0.3 / 3 + 0.7 * 2 / 3, 1.0],
        "mlp": [1.0, 0.5 * 2 / 3 + 0.7 / 3, 0.7 / 3 + 0.3 * 2 / 3, 0.0],
    }
    for name, tensor in found.items():
        part = next((part for part in rows if part in name), None)
        t = rows[part][int(name.split(".")[2])] if part else 0.5
        assert close(tensor, slerped(t, a[name], b[name])), name


def test_a_frankenmerge_stacks_layers_and_says_so_in_the_configuration(
    tmp_path: Path, family: dict[str, Tensors]
) -> None:
    found = merged(
        tmp_path,
        """
slices:
  - sources: [{model: a, layer_range: [0, 3]}]
  - sources: [{model: b, layer_range: [1, 4]}]
merge_method: passthrough
dtype: float32
""",
    )
    origins = [("a", 0), ("a", 1), ("a", 2), ("b", 1), ("b", 2), ("b", 3)]
    for layer, (model, own) in enumerate(origins):
        for part in ("self_attn.q_proj", "mlp.down_proj", "input_layernorm"):
            mine = family[model][f"model.layers.{own}.{part}.weight"]
            assert torch.equal(found[f"model.layers.{layer}.{part}.weight"], mine)
    assert torch.equal(found["model.embed_tokens.weight"], family["a"]["model.embed_tokens.weight"])
    assert torch.equal(found["lm_head.weight"], family["b"]["lm_head.weight"])
    assert len(found) == 6 * 3 + 3
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["num_hidden_layers"] == 6
    assert config["layer_types"] == ["sliding", "full", "sliding", "full", "sliding", "full"]


def test_slices_may_be_merged_differently(tmp_path: Path, family: dict[str, Tensors]) -> None:
    found = merged(
        tmp_path,
        """
slices:
  - sources:
      - {model: a, layer_range: [0, 2], parameters: {weight: 1}}
      - {model: b, layer_range: [2, 4], parameters: {weight: 3}}
  - sources: [{model: c, layer_range: [3, 4], parameters: {weight: 1}}]
merge_method: linear
dtype: float32
""",
    )
    for layer in (0, 1):
        name = "model.layers.{}.mlp.down_proj.weight"
        exact = family["a"][name.format(layer)].double() / 4
        exact += family["b"][name.format(layer + 2)].double() * 0.75
        assert close(found[name.format(layer)], exact)
    last = family["c"]["model.layers.3.mlp.down_proj.weight"]
    assert torch.equal(found["model.layers.2.mlp.down_proj.weight"], last)
    assert torch.equal(found["model.norm.weight"], family["c"]["model.norm.weight"])


def test_the_base_does_not_count_as_a_model_of_its_own(
    tmp_path: Path, family: dict[str, Tensors]
) -> None:
    text = """
models: [{model: base}, {model: a, parameters: {weight: 0.5}}]
merge_method: task_arithmetic
base_model: base
parameters: {int8_mask: true, lambda: 2}
"""
    (plan,) = plans(tmp_path, text)
    assert plan.labels == ("a",)
    assert plan.settings["lambda"] == 2
    assert any("int8_mask" in warning for warning in plan.warnings)
    assert plan.dtype == "float32"  # that of the models
    assert family


def test_adapters_lie_on_the_base_or_on_another_model(
    tmp_path: Path, family: dict[str, Tensors]
) -> None:
    from weights.merge.conftest import save_adapter

    name = "model.layers.1.mlp.down_proj.weight"
    save_adapter(tmp_path / "lora", {name: (6, 10)}, 5)
    found = merged(
        tmp_path,
        """
models:
  - {model: base+lora, parameters: {weight: 0.5}}
  - {model: a+lora, parameters: {weight: 0.25}}
merge_method: task_arithmetic
base_model: base
dtype: float32
""",
    )
    from weights.merge.test_disk_merge import lora_delta

    lora = torch.from_numpy(lora_delta(tmp_path / "lora", name))
    base, a = family["base"][name].double(), family["a"][name].double()
    assert close(found[name], base + 0.5 * lora + 0.25 * (a - base + lora))
    other = "model.layers.0.mlp.down_proj.weight"
    base, a = family["base"][other].double(), family["a"][other].double()
    assert close(found[other], base + 0.25 * (a - base))


def test_a_head_that_only_one_model_stores_is_written_out_for_all(tmp_path: Path) -> None:
    tied, untied = tensors_of(1, head=False), tensors_of(2)
    save(tmp_path / "tied", tied, tie_word_embeddings=True)
    save(tmp_path / "untied", untied)
    found = merged(
        tmp_path,
        """
models: [{model: tied}, {model: untied}]
merge_method: linear
parameters: {weight: 1}
""",
    )
    exact = (tied["model.embed_tokens.weight"] + untied["lm_head.weight"]).double() / 2
    assert close(found["lm_head.weight"], exact)
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["tie_word_embeddings"] is False


def test_documents_use_each_others_results_and_leave_nothing_behind(
    tmp_path: Path, family: dict[str, Tensors]
) -> None:
    text = """
name: half
models: [{model: a}, {model: b}]
merge_method: linear
parameters: {weight: 1}
dtype: float32
---
models: [{model: half, parameters: {weight: 1}}, {model: c, parameters: {weight: 1}}]
merge_method: linear
dtype: float32
"""
    first, second = plans(tmp_path, text)
    assert second.labels == ("half", "c")
    assert first.write_bytes == sum(s.size for s in second.base.shards) or not second.base.shards
    found = merged(tmp_path, text)
    a, b, c = (family[name] for name in "abc")
    for name, tensor in found.items():
        assert close(tensor, a[name].double() / 4 + b[name].double() / 4 + c[name].double() / 2)
    assert not (tmp_path / "out.stages").exists()


MODELS = "models: [{model: a}, {model: b}]\n"
WRONG = {
    "exactly one of models": "merge_method: linear\n",
    "did you mean `tokenizer`": MODELS + "merge_method: linear\ntokeniser: base\n",
    "did you mean `parameters`": "models: [{model: a, parameter: {}}]\nmerge_method: linear\n",
    "did you mean `linear`": MODELS + "merge_method: linaer\n",
    "did you mean `weight`": MODELS + "merge_method: linear\nparameters: {wieght: 1}\n",
    "add `base_model:`": MODELS + "merge_method: ties\n",
    "did you mean `bfloat16`": MODELS + "merge_method: linear\ndtype: bfloat\n",
    "which has 4 layers": "slices: [{sources: [{model: a, layer_range: [2, 5]}]}]\n"
    "merge_method: passthrough\n",
    "is empty or negative": "slices: [{sources: [{model: a, layer_range: [2, 2]}]}]\n"
    "merge_method: passthrough\n",
    "sources of a slice have": "slices: [{sources: [{model: a, layer_range: [0, 2]}, "
    "{model: b, layer_range: [0, 3]}]}]\nmerge_method: linear\n",
    "no such folder": "models: [{model: nowhere}]\nmerge_method: linear\n",
    "one value for all models": "models: [{model: a}, {model: b, parameters: {t: 0.1}}]\n"
    "merge_method: slerp\nbase_model: a\n",
    "is not known": MODELS + "merge_method: linear\nchat_template: lama3\n",
    "which layers of the base": "slices: [{sources: [{model: a, layer_range: [0, 1]}, "
    "{model: b, layer_range: [1, 2]}]}]\nmerge_method: ties\nbase_model: base\n",
    "mergekit-moe": "base_model: a\ngate_mode: hidden\nexperts: [{source_model: b}]\n",
    "`float32` holds all": MODELS + "merge_method: linear\ndtype: float64\n",
    "in a circle": "models: [{model: x}]\nmerge_method: linear\nname: x\n",
    "exclude each other": MODELS + "merge_method: linear\ntokenizer_source: base\n"
    "tokenizer: {source: base}\n",
    "a list without values": "models: [{model: a, parameters: {weight: []}}]\n"
    "merge_method: linear\n",
    "among rules": "models: [{model: a, parameters: {weight: [{filter: mlp, value: 1}, 0.7]}}]\n"
    "merge_method: linear\n",
    "with a value": "models: [{model: a, parameters: {weight: {}}}]\nmerge_method: linear\n",
    "0.7 among": "models: [{model: a, parameters: {weight: [0.7, {value: 1}]}}]\n"
    "merge_method: linear\n",
    "more than one adapter": "models: [{model: a+b+c}]\nmerge_method: linear\n",
}


@pytest.mark.parametrize("why", list(WRONG))
def test_what_cannot_be_merged_is_refused_from_headers(
    tmp_path: Path, family: dict[str, Tensors], why: str
) -> None:
    assert family
    with pytest.raises(LexgraftError, match=why):
        plans(tmp_path, WRONG[why])


FOREIGN = {
    "linear": "int8_mask: true, density: 0.5, epsilon: 0.1, t: 0.5, embed_slerp: true",
    "slerp": "t: 0.5, weight: 1, normalize: true, lambda: 1",
    "arcee_fusion": "weight: 1, merge_strategy: none",
    "karcher": "max_iter: 1000000000, tol: 0, weight: 0.3",
}


@pytest.mark.parametrize("method", list(FOREIGN))
def test_parameters_that_mergekit_passes_over_are_named_all_at_once(
    tmp_path: Path, family: dict[str, Tensors], method: str
) -> None:
    assert family
    inner = ", parameters: {weight: 1, normalize: true}"
    models = f"models: [{{model: a{inner}}}, {{model: base}}]\nbase_model: base\n"
    (plan,) = plans(
        tmp_path, f"{models}merge_method: {method}\nparameters: {{{FOREIGN[method]}}}\n"
    )
    known = get_method(method).parameters
    names = [part.partition(":")[0].strip() for part in FOREIGN[method].split(",")]
    told = "\n".join(plan.warnings)
    for name in ({*names, "weight", "normalize"}) - known.keys():
        assert f"`{name}` has no effect" in told
    if "normalize" in known:
        assert "`normalize` under a model has no effect" in told


def test_a_model_without_a_weight_beside_others_with_one_is_named(
    tmp_path: Path, family: dict[str, Tensors]
) -> None:
    assert family
    weighted = "models: [{model: a, parameters: {weight: 0.6}}, {model: b%s}]\nbase_model: base\n"
    for method, of_b, told in (
        ("linear", ", parameters: {weight: 0.4}", ["base#2"]),  # the base is one of the models
        ("linear", "", ["b", "base#2"]),
        ("ties", "", ["b"]),
        ("ties", ", parameters: {weight: 0.4}", []),
    ):
        (plan,) = plans(tmp_path, f"{weighted % of_b}merge_method: {method}\n")
        assert [f"`{label}` is merged without a `weight`: 1 is taken" for label in told] == [
            line for line in plan.warnings if "without a `weight`" in line
        ]
    (plan,) = plans(tmp_path, "models: [{model: a}, {model: b}]\nmerge_method: linear\n")
    assert not any("without a `weight`" in line for line in plan.warnings)


def test_misspelt_parameters_are_refused_all_at_once_with_the_nearest_names(
    tmp_path: Path, family: dict[str, Tensors]
) -> None:
    assert family
    wrong = "models: [{model: a, parameters: {wieght: 1}}]\nbase_model: base\n"
    with pytest.raises(LexgraftError) as told:
        plans(tmp_path, wrong + "merge_method: ties\nparameters: {densty: 1, audio_gain: 2}\n")
    assert "`wieght`: did you mean `weight`?; `densty`: did you mean `density`?" in str(told.value)
    assert "audio_gain" not in str(told.value)


def test_tensors_that_a_model_lacks_or_adds_are_refused_by_name(
    tmp_path: Path, family: dict[str, Tensors]
) -> None:
    extra = family["b"] | {"model.layers.1.self_attn.q_proj.bias": torch.zeros(8)}
    save(tmp_path / "biased", extra)
    for first, second in (("a", "biased"), ("biased", "a")):
        text = f"models: [{{model: {first}}}, {{model: {second}}}]\nmerge_method: linear\n"
        with pytest.raises(
            LexgraftError, match=r"`model\.layers\.1\.self_attn\.q_proj\.bias` is in"
        ):
            plans(tmp_path, text)


def test_buffers_that_loaders_compute_are_left_out_and_named(
    tmp_path: Path, family: dict[str, Tensors]
) -> None:
    name = "model.layers.1.self_attn.rotary_emb.inv_freq"
    save(tmp_path / "older", family["b"] | {name: torch.ones(2)})
    (plan,) = plans(tmp_path, "models: [{model: a}, {model: older}]\nmerge_method: linear\n")
    assert name not in plan.layout.slots
    assert any(name in warning for warning in plan.warnings)
    (plan,) = plans(tmp_path, "models: [{model: older}, {model: a}]\nmerge_method: linear\n")
    assert name in plan.copied


def test_vocabularies_that_differ_are_named_and_those_of_another_size_refused(
    tmp_path: Path, family: dict[str, Tensors]
) -> None:
    other = {"model": {"vocab": {chr(97 + n): 11 - n for n in range(12)}}}
    (tmp_path / "b" / "tokenizer.json").write_text(json.dumps(other))
    text = MODELS + "merge_method: linear\n"
    (plan,) = plans(tmp_path, text)
    assert any("12 tokens so" in warning for warning in plan.warnings)
    for line in ("tokenizer_source: union", "tokenizer: {source: a}"):
        with pytest.raises(LexgraftError, match="tokenizer"):  # these are not whole tokenizers
            plans(tmp_path, text + line)
    save(
        tmp_path / "large",
        {n: torch.cat([t, t]) if t.shape == (12, 6) else t for n, t in family["a"].items()},
    )
    with pytest.raises(LexgraftError, match="another size"):
        plans(tmp_path, "models: [{model: a}, {model: large}]\nmerge_method: linear\n")


def test_the_tokenizer_and_the_chat_template_come_from_where_the_recipe_says(
    tmp_path: Path, family: dict[str, Tensors]
) -> None:
    assert family
    text = MODELS + "merge_method: linear\ntokenizer_source: b\n"
    merged(tmp_path, text)
    assert json.loads((tmp_path / "out" / "tokenizer_config.json").read_text()) == {
        "chat_template": "b"
    }
    (plan,) = plans(tmp_path, text + "chat_template: '{{ messages }}'\n")
    assert plan.assets is not None
    assert plan.assets.chat_template == "{{ messages }}"


def test_modules_merge_what_they_name_and_the_rest_is_the_bases(
    tmp_path: Path, family: dict[str, Tensors]
) -> None:
    for name in ("base", "a"):
        tower = {"vision_tower.blocks.0.w": family[name]["model.norm.weight"] + 0}
        tower["vision_tower.blocks.1.w"] = family[name]["model.norm.weight"] + 0
        save(tmp_path / f"{name}-vl", family[name] | tower)
    found = merged(
        tmp_path,
        """
modules:
  vision_tower:
    models: [{model: base-vl}, {model: a-vl, parameters: {weight: [0, 1]}}]
merge_method: task_arithmetic
base_model: base-vl
""",
    )
    assert torch.equal(found["vision_tower.blocks.0.w"], family["base"]["model.norm.weight"])
    assert close(found["vision_tower.blocks.1.w"], family["a"]["model.norm.weight"].double())
    assert torch.equal(found["lm_head.weight"], family["base"]["lm_head.weight"])


def test_the_plan_accounts_for_every_tensor_and_the_disk(
    tmp_path: Path, family: dict[str, Tensors]
) -> None:
    text = "models: [{model: a}]\nmerge_method: task_arithmetic\nbase_model: base\n"
    (plan,) = plans(tmp_path, text + "parameters: {weight: [{filter: nowhere, value: 1}]}\n")
    lines = describe(plan, tmp_path / "out")
    assert any("bytes free" in line for line in lines)
    assert any("filter `nowhere` of `weight` fits no tensor" in line for line in lines)
    tensors = summary(plan, tmp_path / "out")["tensors"]
    assert sorted(tensors) == sorted(family["a"])
    assert {row["action"] for row in tensors.values()} == {"merged"}


@pytest.mark.parametrize("name", ["tokenizer.json", "generation_config.json", "spiece.model"])
def test_a_side_file_that_leads_nowhere_is_refused_and_nothing_is_written(
    tmp_path: Path, family: dict[str, Tensors], name: str
) -> None:
    assert family
    (tmp_path / "base" / name).unlink(missing_ok=True)
    (tmp_path / "base" / name).symlink_to(f"../../blobs/{'0' * 40}")
    with pytest.raises(LexgraftError, match="leads nowhere"):
        merged(tmp_path, "{merge_method: task_arithmetic, base_model: base, models: [{model: a}]}")
    assert not (tmp_path / "out").exists()


def test_a_result_without_a_tokenizer_is_named(tmp_path: Path, family: dict[str, Tensors]) -> None:
    assert family
    for name in ("base", "a"):
        (tmp_path / name / "tokenizer.json").unlink()
    text = "{merge_method: task_arithmetic, base_model: base, models: [{model: a}]}"
    (plan,) = plans(tmp_path, text)
    assert any("no tokenizer" in warning for warning in plan.warnings)


@pytest.mark.parametrize("padded", [0, 5 << 20])
def test_a_tokenizer_with_more_ids_than_rows_is_named(
    tmp_path: Path, family: dict[str, Tensors], padded: int
) -> None:
    assert family
    path = tmp_path / "base" / "tokenizer.json"
    content = json.loads(path.read_text())
    added = [{"id": 99, "content": "<|beyond|>"}]
    content = {"added_tokens": added, "normalizer": None, "id": 5000, **content}
    path.write_text(json.dumps(content) + " " * padded)
    text = "{merge_method: task_arithmetic, base_model: base, models: [{model: a}]}"
    (plan,) = plans(tmp_path, text)
    told = [warning for warning in plan.warnings if "rows:" in warning]
    assert ["ids up to 99 and the model has 12 rows" in warning for warning in told] == [True]


@pytest.mark.parametrize("name", ["unsloth/llama-3-8b-bnb-4bit", "org/model-GPTQ", "org/model"])
def test_an_adapter_of_a_quantised_model_is_named(
    tmp_path: Path, family: dict[str, Tensors], name: str
) -> None:
    assert family
    folder = save_adapter(tmp_path / "lora", {"model.layers.0.mlp.down_proj.weight": (6, 10)}, 1)
    config = json.loads((folder / "adapter_config.json").read_text())
    text = json.dumps(config | {"base_model_name_or_path": name})
    (folder / "adapter_config.json").write_text(text)
    recipe = "{merge_method: task_arithmetic, base_model: base, models: [{model: base+lora}]}"
    (plan,) = plans(tmp_path, recipe)
    told = [warning for warning in plan.warnings if "trained on the quantised model" in warning]
    assert len(told) == (name != "org/model")


def test_a_named_document_that_no_other_uses_is_left_out_and_said(
    tmp_path: Path, family: dict[str, Tensors]
) -> None:
    assert family
    text = f"name: x\n{MODELS}merge_method: slerp\n---\n{MODELS}merge_method: linear\n"
    (plan,) = plans(tmp_path, text)
    assert plan.method.name == "linear"
    assert "document `x` is not made: no other uses it" in plan.warnings


def test_folders_whose_names_hold_a_plus_or_an_at_are_found(
    tmp_path: Path, family: dict[str, Tensors]
) -> None:
    (tmp_path / "a").rename(tmp_path / "a+b@main")
    save_adapter(tmp_path / "lora@1+2", {"model.layers.0.mlp.down_proj.weight": (6, 10)}, 1)
    names = ("a+b@main", "base+lora@1+2", "a+b@main+lora@1+2")
    listed = ", ".join(f"{{model: {name}}}" for name in names)
    (plan,) = plans(
        tmp_path, f"merge_method: task_arithmetic\nbase_model: base\nmodels: [{listed}]\n"
    )
    assert family
    assert plan.labels == ("a+b@main", "base+lora@1+2", "a+b@main+lora@1+2")


def test_a_model_is_named_by_text_or_by_a_mapping() -> None:
    assert parse_model("org/m@v1+l@x", "") == ModelName("org/m", "v1", "l", "x")
    assert str(ModelName("org/m", "v1", "l", "x")) == "org/m@v1+l@x"
    written = {"model": {"path": "m", "revision": "r"}, "lora": "l"}
    assert parse_model(written, "") == ModelName("m", "r", "l")
    with pytest.raises(LexgraftError, match="does not name a model"):
        parse_model({"model": 3}, "")


def test_project_files_are_not_taken_for_recipes(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    for text, expected in (
        ("merge_method: linear\n", True),
        ("models: [{model: a}]\nmerge_metod: linear\n", True),
        ("name: x\nmodels: {base: b}\nlanguages: {}\n", False),
        ("a: 1\n---\nb: 2\n", True),
    ):
        file.write_text(text)
        assert is_recipe(file) is expected


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_innermost_word_counts(inner: float, outer: float) -> None:
    ties = get_method("ties")
    own = {"a": {"weight": inner}, "b": None}
    found = settings_of(ties, own, (None, {"weight": outer}), based=True)
    assert found == {"density": 1.0, "weight": {"a": inner, "b": outer}}


@pytest.mark.slow
@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_method_takes_a_plain_recipe(
    tmp_path: Path, family: dict[str, Tensors], method: str
) -> None:
    assert family
    sources = {"passthrough": "a", "slerp": "a", "nearswap": "a", "arcee_fusion": "a"}
    names = sources.get(method, "a b").split()
    listed = ", ".join(f"{{model: {name}}}" for name in names)
    if method == "layer_swap":
        for label, name in (("language", "a"), ("domain", "b")):
            (tmp_path / name).rename(tmp_path / label)
        listed = "{model: language}, {model: domain}"
    base = "" if method == "passthrough" else "base_model: base\n"
    found = merged(tmp_path, f"models: [{listed}]\nmerge_method: {method}\n{base}")
    assert all(tensor.isfinite().all() for tensor in found.values())


def test_without_a_base_nuslerp_turns_the_models_themselves(
    tmp_path: Path, family: dict[str, Tensors]
) -> None:
    found = merged(
        tmp_path,
        """
models: [{model: a, parameters: {weight: 3}}, {model: b, parameters: {weight: 1}}]
merge_method: nuslerp
dtype: float32
""",
    )
    for name, tensor in found.items():
        first, second = family["a"][name].double(), family["b"][name].double()
        angle = torch.arccos((first * second).sum() / first.norm() / second.norm())
        shares = torch.sin(angle * torch.tensor([0.75, 0.25])) / torch.sin(angle)
        assert close(tensor, shares[0] * first + shares[1] * second)


@pytest.mark.slow
def test_a_frankenmerge_of_a_real_architecture_loads_and_answers(
    tmp_path: Path, make_model: "object"
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folders = [make_model("llama", seed) for seed in (0, 1)]  # type: ignore[operator]
    merged(
        tmp_path,
        f"""
slices:
  - sources: [{{model: {folders[0]}, layer_range: [0, 2]}}]
  - sources: [{{model: {folders[1]}, layer_range: [0, 2]}}]
merge_method: passthrough
""",
    )
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "out", dtype="auto")
    assert len(model.model.layers) == 4
    tokens = AutoTokenizer.from_pretrained(tmp_path / "out")("graft", return_tensors="pt")
    assert model(**tokens).logits.isfinite().all()
