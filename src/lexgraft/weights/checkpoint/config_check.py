"""Whether two configurations give weights one meaning: what must agree, and what else differs."""

import re
from collections.abc import Mapping
from math import isclose
from pathlib import Path
from typing import Any, NamedTuple

from lexgraft.errors import LexgraftError
from lexgraft.files.safe_json import read_json
from lexgraft.weights.checkpoint.checkpoint_index import has_file, regular_file
from lexgraft.weights.checkpoint.layer_stack import language_config

_ALIASES = {
    "num_attention_heads": ("num_attention_heads", "n_head", "n_heads", "num_heads"),
    "num_key_value_heads": ("num_key_value_heads", "num_kv_heads", "n_head_kv", "num_query_groups"),
    "head_dim": ("head_dim", "attention_head_dim"),
    "hidden_act": ("hidden_activation", "hidden_act", "activation_function", "ffn_act"),
    "partial_rotary_factor": ("partial_rotary_factor", "rotary_pct"),
}
"""Names under which architectures keep one setting; the first that is there counts."""
_ALIKE = (
    "rotary_dim",
    "position_embedding_type",
    "alibi",
    "use_parallel_residual",
    "parallel_attn",
    "query_pre_attn_scalar",
    "attn_logit_softcapping",
    "final_logit_softcapping",
    "embedding_multiplier",
    "residual_multiplier",
    "attention_multiplier",
    "logits_scaling",
    "logit_scale",
    "scale_emb",
    "scale_depth",
    "dim_model_base",
    "scoring_func",
    "norm_topk_prob",
    "routed_scaling_factor",
    "layer_types",
)
"""Further settings under which the same numbers compute something else."""
_OFF_BY_NULL = ("attn_logit_softcapping", "final_logit_softcapping", "rotary_dim")
"""Those of them that `null` switches off, which says as much as a number does."""
_ACTIVATIONS = {
    "swish": "silu",
    "gelu_new": "gelu_pytorch_tanh",
    "gelu_fast": "gelu_pytorch_tanh",
    "gelu_tanh": "gelu_pytorch_tanh",
}
_ROPE_KINDS = {"su": "longrope", "mrope": "default", None: "default"}
_FOR_LONGER_TEXT = frozenset({"yarn", "dynamic"})  # switched on for use, without any training
_FIRST_THETA = 10_000.0  # of most architectures, where a configuration does not say
_NO_MEANING = re.compile(
    r"transformers_version|_name_or_path|(?:torch_)?dtype|architectures|model_type|\w+_token_id"
    r"|use_cache|\w*dropout\w*|\w*pdrop|initializer_range|\w*vocab_size|pretraining_tp|output_\w+"
    r"|return_dict|\w*_implementation|tie_word_embeddings|num_hidden_layers|n_layer|\w+_version"
    r"|unsloth\w*|gradient_\w+|use_bfloat16|problem_type|finetuning_task"
)
"""Keys that say nothing of what weights compute, or are looked at elsewhere."""


class ConfigDifferences(NamedTuple):
    """Settings in which two configurations differ, each with the two values as text."""

    meaning: tuple[str, ...]  # under which the same weights compute something else
    others: tuple[str, ...]


def compare_configs(first: Mapping[str, Any], second: Mapping[str, Any]) -> ConfigDifferences:
    """Return how two models' configurations differ, as far as both say it.

    What only one of them states is not compared, for its architecture's default is not known
    here, but for the base of the rotary embedding, whose default is nearly always 10,000.

    Example:
        >>> compare_configs({"n_head": 4}, {"n_head": 2}).meaning
        ('`num_attention_heads`: 4 and 2',)
    """
    one, two = language_config(first)[1], language_config(second)[1]
    meaning = _meaning(one), _meaning(two)
    rope = _rope(one), _rope(two)
    wrong = [
        _told(key, meaning[0][key], meaning[1][key])
        for key in meaning[0]
        if key in meaning[1] and not _equal(meaning[0][key], meaning[1][key])
    ]
    wrong += [
        _told(key, one[key], two[key])
        for key in _OFF_BY_NULL
        if key in one and key in two and (one[key] is None) != (two[key] is None)
    ]
    wrong += [_told(*told) for told in _rope_differences(*rope, trained=True)]
    others = [_told(*told) for told in _rope_differences(*rope, trained=False)]
    named = {name for names in _ALIASES.values() for name in names} | {*_ALIKE}
    others += [
        _told(key, one[key], two[key])
        for key in one
        if key in two
        and not ({key} & named or "rope" in key or _NO_MEANING.fullmatch(key))
        and _is_plain(one[key])
        and _is_plain(two[key])
        and not _equal(one[key], two[key])
    ]
    return ConfigDifferences(tuple(wrong), tuple(others))


def check_configs(
    base: Mapping[str, Any], config: Mapping[str, Any], base_label: str, folder: Path
) -> tuple[str, ...]:
    """Return what to say about differences that leave the weights' meaning as it is.

    Raises:
        LexgraftError: settings differ under which the same weights compute something else.
    """
    found = compare_configs(base, config)
    if found.meaning:
        raise LexgraftError(
            f"not of one architecture with {base_label}: {'; '.join(found.meaning)}",
            where=str(folder / "config.json"),
            cure="weights that were trained under different settings cannot be merged; if one of "
            "the files only states them wrongly, correct it in a copy of that folder",
        )
    if not found.others:
        return ()
    return (f"{folder} is not configured as {base_label} is: {'; '.join(found.others)}",)


def check_folders(base: Path, folder: Path) -> tuple[str, ...]:
    """Return what `check_configs` does for the folders of two models.

    Raises:
        LexgraftError: settings differ under which the same weights compute something else.
    """
    if base == folder or not all(has_file(place, "config.json") for place in (base, folder)):
        return ()
    first, second = (read_json(regular_file(place, "config.json")) for place in (base, folder))
    return check_configs(first, second, f"the base {base}", folder)


def _meaning(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that give weights their meaning, under one name each."""
    found: dict[str, Any] = {}
    if isinstance(config.get("model_type"), str):
        found["model_type"] = config["model_type"].removesuffix("_text")
    for key, names in _ALIASES.items():
        value = next((config[name] for name in names if config.get(name) is not None), None)
        if value is not None:
            found[key] = value
    if "num_attention_heads" in found:
        found.setdefault("num_key_value_heads", found["num_attention_heads"])
    if isinstance(found.get("hidden_act"), str):
        found["hidden_act"] = _ACTIVATIONS.get(found["hidden_act"], found["hidden_act"])
    rope = config.get("rope_parameters")
    if isinstance(rope, dict) and isinstance(rope.get("partial_rotary_factor"), float | int):
        found["partial_rotary_factor"] = rope["partial_rotary_factor"]
    found |= {key: config[key] for key in _ALIKE if config.get(key) is not None}
    layers = found.get("layer_types")
    if isinstance(layers, list):  # of stacks of different heights nothing is known
        found[f"layer_types of {len(layers)} layers"] = found.pop("layer_types")
    return found


def _rope(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rotary embedding's settings, by the newer names, of full and of local layers."""
    new = config.get("rope_parameters")
    parts = dict(new) if isinstance(new, dict) else {}
    full = parts.get("full_attention", parts)
    local = parts.get("sliding_attention", {})
    scaling = config.get("rope_scaling")
    if isinstance(scaling, dict):  # of layers of one kind transformers takes it in their place
        full = {**scaling, **full} if "full_attention" in parts else scaling
    full, local = dict(full), dict(local)
    if config.get("rope_theta") is not None:
        full.setdefault("rope_theta", config["rope_theta"])
    if config.get("rope_local_base_freq") is not None:
        local.setdefault("rope_theta", config["rope_local_base_freq"])
    kind = full.pop("type", None)
    full.setdefault("rope_type", kind)
    full["rope_type"] = _ROPE_KINDS.get(full["rope_type"], full["rope_type"])
    return {**full, "local rope_theta": local.get("rope_theta")}


def _rope_differences(
    one: Mapping[str, Any], two: Mapping[str, Any], *, trained: bool
) -> list[tuple[str, Any, Any]]:
    """Return the settings in which rotary embeddings differ: those of training, or the others."""
    differences: list[tuple[str, Any, Any]] = []
    stated = [settings.get("rope_theta") for settings in (one, two)]
    thetas = [_FIRST_THETA if theta is None else theta for theta in stated]
    if not _equal(*thetas) and trained == (None not in stated):
        first, second = ("not stated" if theta is None else theta for theta in stated)
        differences.append(("rope_theta", first, second))
    kinds = one["rope_type"], two["rope_type"]
    for_use = bool(_FOR_LONGER_TEXT & {*kinds}) and {*kinds} <= _FOR_LONGER_TEXT | {"default"}
    if kinds[0] != kinds[1] and trained != for_use:
        differences.append(("rope_scaling", *kinds))
    if kinds[0] == kinds[1]:
        skipped = {"rope_theta", "rope_type", "partial_rotary_factor"}
        differences += [
            (key if "rope" in key else f"rope {key}", one[key], two[key])
            for key in sorted(one.keys() & two.keys() - skipped)
            if None not in (one[key], two[key])
            and not _equal(one[key], two[key])
            and trained != for_use
        ]
    return differences


def _equal(one: Any, two: Any) -> bool:
    """Return whether two settings say the same; numbers up to rounding."""
    if isinstance(one, float | int) and isinstance(two, float | int):
        return isclose(one, two, rel_tol=1e-6)
    return one == two


def _is_plain(value: object) -> bool:
    return isinstance(value, str | float | int) and len(str(value)) <= 80


def _told(key: str, one: object, two: object) -> str:
    return f"`{key}`: {one!s:.80} and {two!s:.80}"
