"""An adapter's configuration: what scales its deltas, and what would make them more than LoRA."""

import re
from collections.abc import Mapping
from math import sqrt
from pathlib import Path
from typing import Any

from lexgraft.errors import LexgraftError
from lexgraft.files.model_files import CONFIG
from lexgraft.files.safe_json import flag, read_json
from lexgraft.weights.checkpoint.checkpoint_index import regular_file

_PLAIN_PATTERN = re.compile(r"\^?[A-Za-z0-9_.]{1,256}")
_REFUSED = (
    "use_dora",
    "lora_bias",
    "modules_to_save",
    "trainable_token_indices",
    "layer_replication",
    "target_parameters",
    "use_qalora",
    "use_bdlora",
    "megatron_config",
    "alora_invocation_tokens",
    "arrow_config",
    "kasa_config",
    "monteclora_config",
    "velora_config",
)
_PLAIN_STARTS = frozenset({"gaussian", "orthogonal", "eva"})  # these leave the base as it is
_FLAGS = ("use_rslora", "fan_in_fan_out")
_POSITIVE = ("r", "lora_alpha")
_MOST = 1e6


def read_config(folder: Path) -> dict[str, Any]:
    """Return an adapter's configuration.

    Raises:
        LexgraftError: every option under which a delta is not simply (alpha / r) · B · A.
    """
    config, where = read_json(regular_file(folder, CONFIG)), str(folder / CONFIG)
    if config.get("peft_type") != "LORA":
        raise LexgraftError(
            f"peft_type {config.get('peft_type')!a} is not LORA",
            where=where,
            cure="merge that adapter into a whole model and give the folder",
        )
    start = config.get("init_lora_weights", True)
    wrong = [key for key in _REFUSED if config.get(key)]
    wrong += ["bias"] if config.get("bias", "none") != "none" else []
    wrong += ["init_lora_weights"] if isinstance(start, str) and start not in _PLAIN_STARTS else []
    if wrong:
        raise LexgraftError(
            f"`{wrong[0]}: {config[wrong[0]]!a:.80}` is more than plain LoRA",
            where=where,
            cure="merge that adapter into a whole model and give the folder",
        )
    for key in _FLAGS:
        flag(config, key, where)
    for key in _POSITIVE:
        if type(config.get(key)) not in {int, float} or not 0 < config[key] < _MOST:
            raise LexgraftError(f"`{key}` must be a positive number", where=where)
    return config


def rank_of(config: Mapping[str, Any], module: str) -> float:
    """Return the rank that the configuration states for a module."""
    return _pattern(config, "rank_pattern", "r", module)


def scaling_of(config: Mapping[str, Any], module: str, rank: int) -> float:
    """Return alpha / r (arXiv 2106.09685, 4.1), or alpha / √r if so asked (arXiv 2312.03732, 3)."""
    alpha = _pattern(config, "alpha_pattern", "lora_alpha", module)
    return alpha / (sqrt(rank) if flag(config, "use_rslora") else rank)


def _pattern(config: Mapping[str, Any], patterns: str, default: str, module: str) -> float:
    """Return a module's own value, found by the end of its path, or the adapter's.

    PEFT reads the keys as regular expressions; here they are plain, for no expression from a
    file is ever run.
    """
    named = config.get(patterns) or {}
    if not isinstance(named, dict):
        raise LexgraftError(
            f"`{patterns}` is no list of names with numbers",
            where=CONFIG,
            cure='write {"name": number}, as PEFT does',
        )
    for key, value in named.items():
        if not _PLAIN_PATTERN.fullmatch(key) or type(value) not in {int, float} or value <= 0:
            raise LexgraftError(
                f"{patterns}: {key[:80]!a}: {value!a:.20} is not a plain name and number",
                where=CONFIG,
                cure="write the modules' names out",
            )
        if key in {module, f"^{module}"} or module.endswith(f".{key}"):
            return value
    return config[default]
