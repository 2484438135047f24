"""How a configuration says that its weights are quantised: what can be read, what is refused.

Sources: transformers' `FineGrainedFP8Config` and `FbgemmFp8Config`; `QuantizationConfig` and
`CompressionFormat` of the package compressed-tensors.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lexgraft.errors import LexgraftError
from lexgraft.files.quantised_kinds import READ

KEYS = ("quantization_config", "compression_config", "quantization")
"""The keys of a configuration, or of a part of it, that say so."""
_FLOATS = frozenset({"F8_E4M3", "F8_E5M2"})
_PACKED_BITS = (2, 4, 8)  # others lie across words, or not, by the version of the package
_FORMATS = {
    "dense": frozenset[str](),
    "float-quantized": _FLOATS,
    "int-quantized": frozenset({"I8"}),
    "naive-quantized": _FLOATS | {"I8"},
    "pack-quantized": frozenset({"I32"}),
}
_CURE = (
    "get the model in 16 or 32 bits that it was made from, merge that, and quantise the result "
    "(fp8 and compressed-tensors in whole numbers or fp8 are read as they are); "
    "an adapter that was trained on the quantised model (QLoRA) goes onto that one as well"
)


@dataclass(frozen=True)
class Quantisation:
    """What a configuration says of quantised weights: which sizes are possible, by no layer."""

    codes: frozenset[str]  # that quantised values are stored in
    blocks: tuple[tuple[int, int], ...] = ()  # rows and columns that may share a scale
    bits: tuple[int, ...] = ()  # of packed values


def quantisation_of(config: Mapping[str, Any], folder: Path) -> Quantisation | None:
    """Return how the weights of a configuration are quantised; None where they are not.

    Raises:
        LexgraftError: in a way that is not read, by its name; or in none that makes sense.
    """
    for where, settings in _stated(config):
        kind = settings.get("quant_method") or settings.get("quant_algo") or "?"
        if kind in READ:
            if kind == "compressed-tensors":
                return _compressed(settings, folder)
            return Quantisation(_FLOATS, tuple(_fp8_blocks(settings, folder)))
        bits = "".join(
            f", {name} {settings[name]!a:.20}"
            for name in ("bits", "load_in_4bit", "load_in_8bit", "fmt", "format")
            if settings.get(name)
        )
        raise quantised(f"`{where}` says {kind!a:.40}{bits}", folder)
    return None


def without_quantisation(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration as it stands beside dense weights."""
    return {
        key: without_quantisation(value) if isinstance(value, dict) else value
        for key, value in config.items()
        if key not in KEYS
    }


def quantised(why: str, folder: Path) -> LexgraftError:
    """Return the error for quantised weights that are not read."""
    return LexgraftError(f"quantised weights: {why}", where=str(folder), cure=_CURE)


def _stated(config: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what a configuration and its parts say of quantisation, with where."""
    parts = {"": config} | {f"{k}.": v for k, v in config.items() if isinstance(v, dict)}
    for prefix, part in parts.items():
        for key in KEYS:
            settings = part.get(key)
            if isinstance(settings, dict) and settings:
                yield f"{prefix}{key}", settings


def _fp8_blocks(settings: Mapping[str, Any], folder: Path) -> Iterator[tuple[int, int]]:
    """Yield the block size of fp8; none of scales that each stand for a tensor or a row."""
    size = settings.get("weight_block_size")
    if size is not None:
        yield _sizes(size, "weight_block_size", folder)


def _compressed(settings: Mapping[str, Any], folder: Path) -> Quantisation:
    """Return what compressed-tensors says of its groups of layers."""
    for key in ("sparsity_config", "transform_config"):
        value = settings.get(key)
        if isinstance(value, dict) and value.get("format", "sparse") != "dense" and value:
            raise quantised(f"compressed-tensors with a `{key}`", folder)
    listed = settings.get("config_groups")
    groups = list(listed.values()) if isinstance(listed, dict) else []
    if not all(isinstance(group, dict) for group in groups):
        raise quantised("`config_groups` of compressed-tensors hold no settings", folder)
    stated = settings.get("format") or "dense"
    formats = {str(group.get("format") or stated) for group in groups} or {str(stated)}
    formats -= {"mixed-precision"} if len(formats) > 1 else set()
    unread = sorted(formats - _FORMATS.keys())
    if unread:
        raise quantised(f"compressed-tensors in the format {unread[0]!a:.40}", folder)
    weights = [w for group in groups if isinstance(w := group.get("weights"), dict)]
    return Quantisation(
        frozenset[str]().union(*(_FORMATS[name] for name in formats)),
        tuple(dict.fromkeys(size for args in weights for size in _group_sizes(args, folder))),
        tuple(
            dict.fromkeys(_bits(args, folder) for args in weights if "pack-quantized" in formats)
        ),
    )


def _group_sizes(args: Mapping[str, Any], folder: Path) -> Iterator[tuple[int, int]]:
    """Yield the rows and columns that share a scale, where that is neither a row nor all."""
    if args.get("block_structure") is not None:
        yield _sizes(args["block_structure"], "block_structure", folder)
    columns = args.get("group_size")
    if columns not in (None, -1):
        yield _sizes([1, columns], "group_size", folder)


def _bits(args: Mapping[str, Any], folder: Path) -> int:
    bits = args.get("num_bits")
    if type(bits) is not int or bits not in _PACKED_BITS:
        raise quantised(f"compressed-tensors packs {bits!a:.20} bits; 2, 4 and 8 are read", folder)
    return bits


def _sizes(value: Any, key: str, folder: Path) -> tuple[int, int]:
    match value:
        case [int(rows), int(columns)] if rows > 0 and columns > 0:
            return rows, columns
        case _:
            raise quantised(f"`{key}` is {value!a:.40}, not rows and columns", folder)
