"""Which quantised weights are made dense while they are read, and how a dense folder is made."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

READ = ("fp8", "fbgemm_fp8", "compressed-tensors")
"""`quant_method`s of configurations whose weights are merged as they are."""


def read_kind(config: Mapping[str, Any]) -> str | None:
    """Return how weights are quantised that are merged as they are; None: not so, or otherwise.

    Example:
        >>> read_kind({"quantization_config": {"quant_method": "fp8"}})
        'fp8'
    """
    for part in (config, config.get("text_config")):
        settings = part.get("quantization_config") if isinstance(part, Mapping) else None
        kind = settings.get("quant_method") if isinstance(settings, Mapping) else None
        if kind in READ:
            return str(kind)
    return None


def dense_cure(folder: Path | str) -> str:
    """Return how a folder of quantised weights is written once as an ordinary one."""
    recipe = f"{{merge_method: passthrough, dtype: bfloat16, models: [{{model: {folder}}}]}}"
    return (
        f"write it dense and name that folder: `lexgraft merge dense.yaml -o dense/`, where "
        f"dense.yaml is `{recipe}`"
    )
