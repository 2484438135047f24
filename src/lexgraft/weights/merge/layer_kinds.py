"""The kind of a layer under a configuration, formula by formula, as transformers 5 has them."""

from collections.abc import Iterator, Mapping
from typing import Any

from lexgraft.weights.merge.layer_rules import Config, KindOf, Kinds, listed, number_in


def every(
    key: str, default: int, others: str = "sliding_attention", chosen: str = "full_attention"
) -> KindOf:
    """Return the kinds of which every n-th, counted from 1, is another one; n from a key."""

    def kind(config: Config, layer: int, _layers: int) -> str:
        step = number_in(config, key, default)
        return chosen if step > 0 and (layer + 1) % step == 0 else others

    return kind


def first_of(
    key: str, default: int, others: str = "sliding_attention", chosen: str = "full_attention"
) -> KindOf:
    """Return the kinds of which every n-th, counted from 0, is another one."""

    def kind(config: Config, layer: int, _layers: int) -> str:
        return others if layer % max(number_in(config, key, default), 1) else chosen

    return kind


def windowed(config: Config, layer: int, _layers: int) -> str:
    """Return the kinds of Qwen 2 and 3: sliding windows from a layer on."""
    window = config.get("sliding_window") if config.get("use_sliding_window") else None
    above = layer >= number_in(config, "max_window_layers", 28)
    return "sliding_attention" if window is not None and above else "full_attention"


def windowed_dots(config: Config, layer: int, _layers: int) -> str:
    """Return the kinds of dots1: sliding windows from a layer on."""
    above = layer >= number_in(config, "max_window_layers", 62)
    sliding = config.get("sliding_window") is not None and above
    return "sliding_attention" if sliding else "full_attention"


def windowed_moe(config: Config, layer: int, _layers: int) -> str:
    """Return the kinds of Qwen2-MoE: every other layer below a number."""
    below = layer < number_in(config, "max_window_layers", 28)
    sliding = (layer + 1) % 2 and below and config.get("use_sliding_window")
    return "sliding_attention" if sliding else "full_attention"


def exaone(config: Config, layer: int, layers: int) -> str:
    """Return the kinds of EXAONE 4: no pattern without a window."""
    if config.get("sliding_window", 4096) is None:
        return "full_attention"
    return every("sliding_window_pattern", 4)(config, layer, layers)


def rotated(config: Config, layer: int, layers: int) -> int:
    """Return 1 for layers with rotary positions, 0 for those without."""
    kinds = listed(config, "no_rope_layers", layers)
    if kinds is not None:
        return kinds[layer]
    return int((layer + 1) % max(number_in(config, "no_rope_layer_interval", 4), 1) != 0)


def mixed(_config: Config, layer: int, _layers: int) -> str:
    """Return the kinds of LFM 3."""
    if layer % 4 == 2:
        return "full_attention"
    return "conv" if layer % 4 or not layer else "sliding_attention"


def windowed_cohere(config: Config, layer: int, layers: int) -> str:
    """Return the kinds of Cohere 2 MoE: a pattern for dense layers, another above."""
    dense = number_in(config, "first_k_dense_replace", 0)
    if layer < dense:
        return every("prefix_dense_sliding_window_pattern", 1)(config, layer, layers)
    return every("sliding_window_pattern", 4)(config, layer - dense, layers)


def local(config: Config, layer: int, _layers: int) -> str:
    """Return the kinds of Inkling: local layers by their numbers."""
    chosen = config.get("local_layer_ids")
    local = (layer + 1) % 6 if chosen is None else layer in chosen
    return "hybrid_sliding" if local else "hybrid"


def second_of_four(_config: Config, layer: int, _layers: int) -> str:
    """Return Flint's kinds but for the first two layers and the last."""
    return "full_attention" if layer % 4 == 1 else "sliding_attention"


def from_the_end(_config: Config, layer: int, layers: int) -> str:
    """Return Muse's kinds: every fourth layer, counted from the last one."""
    return "sliding_attention" if (layers - 1 - layer) % 4 else "full_attention"


def muse_theta(config: Config, layer: int, layers: int) -> float:
    """Return Muse's base of the rotary embedding: none where attention is full."""
    rope = config.get("rope_parameters") or {}
    theta = rope.get("rope_theta", config.get("rope_theta", 10_000.0))
    return theta if (layers - 1 - layer) % 4 else 0


def dots_note(config: Config, layer: int, _layers: int) -> str:
    """Return the kinds of dots3.note."""
    if config.get("use_sliding_window", True) and layer >= 2 and layer % 4 != 1:
        return "sliding_attention"
    return "full_attention" if config.get("use_dsa") is False else "indexed_attention"


def hy_indexer(_config: Config, layer: int, _layers: int) -> str:
    """Return which layers of Hunyuan V4 have an indexer of their own."""
    return "shared" if layer and layer % 4 != 1 else "full"


def step_experts(config: Config, layer: int, _layers: int) -> str:
    """Return Step's kinds: its experts' layers are listed by number, in text or a list."""
    listing = config.get("moe_layers_enum")
    if listing is None:
        return "sparse" if layer >= 3 else "dense"
    numbers = listing.split(",") if isinstance(listing, str) else listing
    return "sparse" if layer in {int(n) for n in numbers if str(n).strip()} else "dense"


def smollm(config: Config, layer: int, layers: int) -> str:
    """Return the kinds of SmolLM 3."""
    window = config.get("use_sliding_window") and config.get("sliding_window") is not None
    turned = rotated(config, layer, layers)
    return "sliding_attention" if window and not turned else "full_attention"


def llama4(config: Config, layer: int, layers: int) -> str:
    """Return the kinds of Llama 4: chunks where positions are rotated."""
    return "chunked_attention" if rotated(config, layer, layers) else "full_attention"


def llama4_experts(config: Config, layer: int, _layers: int) -> bool:
    """Return which layers of Llama 4 have experts."""
    chosen, step = config.get("moe_layers"), number_in(config, "interleave_moe_layer_step", 1)
    return layer in chosen if chosen is not None else (layer + 1) % step == 0


def llama4_changes(_config: Config, kinds: Kinds) -> Iterator[Mapping[str, Any]]:
    """Yield the list of Llama 4's layers with experts."""
    yield {"moe_layers": [layer for layer, experts in enumerate(kinds) if experts]}


def sparse_steps(config: Config, layer: int, _layers: int) -> bool:
    """Return which layers have experts: every n-th, but for those listed."""
    step = max(number_in(config, "decoder_sparse_step", 1), 1)
    return layer not in (config.get("mlp_only_layers") or ()) and (layer + 1) % step == 0


def sparse_changes(_config: Config, kinds: Kinds) -> Iterator[Mapping[str, Any]]:
    """Yield the list of layers without experts."""
    dense = [layer for layer, sparse in enumerate(kinds) if not sparse]
    yield {"mlp_only_layers": dense, "decoder_sparse_step": 1}


def dense_first(default: int, key: str = "first_k_dense_replace") -> KindOf:
    """Return the kinds of which some layers at the bottom have no experts."""

    def kind(config: Config, layer: int, _layers: int) -> str:
        step = max(number_in(config, "moe_layer_freq", 1), 1)
        sparse = layer >= number_in(config, key, default) and layer % step == 0
        return "sparse" if sparse else "dense"

    return kind


def ernie(config: Config, layer: int, layers: int) -> bool:
    """Return which layers of ERNIE have experts: every n-th of a range."""
    end = number_in(config, "moe_layer_end_index", -1)
    start, step = number_in(config, "moe_layer_start_index", 1), config.get("moe_layer_interval")
    stepped = (layer + 1) % max(number_in(config, "moe_layer_interval", 1), 1) == 0
    return bool(stepped and start <= layer <= (layers - 1 if end == -1 else end) and step != 0)


def ernie_changes(_config: Config, kinds: Kinds) -> Iterator[Mapping[str, Any]]:
    """Yield the range of layers with experts."""
    sparse = [layer for layer, chosen in enumerate(kinds) if chosen]
    start, end = (sparse[0], sparse[-1]) if sparse else (len(kinds), len(kinds))
    yield {"moe_layer_start_index": start, "moe_layer_end_index": end, "moe_layer_interval": 1}


def periodic(period: str, offset: str, default: tuple[int, int]) -> KindOf:
    """Return the kinds of Jamba: those of every period at an offset."""

    def kind(config: Config, layer: int, _layers: int) -> bool:
        step, start = number_in(config, period, default[0]), number_in(config, offset, default[1])
        return layer % max(step, 1) == start

    return kind


def compressed(_config: Config, layer: int, _layers: int) -> str:
    """Return the kinds of DeepSeek V4."""
    sparse = layer >= 2 and layer % 2
    return "compressed_sparse_attention" if sparse else "heavily_compressed_attention"


def hashed(config: Config, layer: int, _layers: int) -> str:
    """Return which layers of DeepSeek V4 route by hash."""
    return "hash_moe" if layer < number_in(config, "num_hash_layers", 3) else "moe"


def numbered_parts(config: Config, layer: int, layers: int) -> str:
    """Return the kind that two lists of numbers (from 1) give a layer; they are Kimi's."""
    kinds = listed(config, "layer_types", layers)
    if kinds is not None:
        return kinds[layer]
    parts = config.get("linear_attn_config") or {}
    if "full_attn_layers" in parts:
        return "full_attention" if layer + 1 in parts["full_attn_layers"] else "linear_attention"
    return "full_attention" if layer and layer % 4 == 0 else "linear_attention"


def numbered_changes(config: Config, kinds: Kinds) -> Iterator[Mapping[str, Any]]:
    """Yield Kimi's kinds, also as its two lists of numbers."""
    changes: dict[str, Any] = {"layer_types": kinds}
    parts = config.get("linear_attn_config")
    if parts:
        full = [layer for layer, kind in enumerate(kinds, 1) if kind == "full_attention"]
        others = [layer for layer in range(1, len(kinds) + 1) if layer not in full]
        changes["linear_attn_config"] = {**parts, "full_attn_layers": full, "kda_layers": others}
    yield changes


def repeated(config: Config, layer: int, _layers: int) -> Any:
    """Return the kinds of RecurrentGemma: a pattern over and over."""
    kinds = config.get("block_types") or ["recurrent", "recurrent", "attention"]
    return kinds[layer % len(kinds)]


def repeated_changes(_config: Config, kinds: Kinds) -> Iterator[Mapping[str, Any]]:
    """Yield the pattern as long as the stack."""
    yield {"block_types": kinds}


def neo(config: Config, layer: int, layers: int) -> Any:
    """Return the kinds of GPT-Neo, whose lists of kinds have a number of repeats."""
    types: Any = config.get("attention_types") or [[["global", "local"], 12]]
    kinds = [kind for part, times in types for _ in range(times) for kind in part]
    return kinds[layer] if len(kinds) == layers else None


def neo_changes(config: Config, kinds: Kinds) -> Iterator[Mapping[str, Any]]:
    """Yield the kinds as one list that is there once."""
    layers = {"attention_layers": kinds} if "attention_layers" in config else {}
    yield {"attention_types": [[kinds, 1]], **layers}


def convolved(config: Config, layer: int, _layers: int) -> str:
    """Return the kinds of LFM 2: layers of attention by their numbers."""
    chosen = config.get("full_attn_idxs")
    return "full_attention" if chosen is None or layer in chosen else "conv"


_LETTERS = {"M": "linear_attention", "E": "moe", "*": "full_attention", "-": "mlp"}


def lettered(config: Config, layer: int, _layers: int) -> Any:
    """Return the letter of a layer of Nemotron-H."""
    pattern = config.get("hybrid_override_pattern") or ""
    return pattern[layer] if layer < len(pattern) else None


def lettered_changes(config: Config, kinds: Kinds) -> Iterator[Mapping[str, Any]]:
    """Yield the letters in the new order."""
    if isinstance(config.get("hybrid_override_pattern"), str):
        yield {"hybrid_override_pattern": "".join(kinds)}


def by_number(_config: Config, layer: int, _layers: int) -> int:
    """Return a kind of its own for every layer: none can stand elsewhere."""
    return layer


def is_first(_config: Config, layer: int, _layers: int) -> bool:
    """Return whether a layer is the first, which is built otherwise."""
    return layer == 0


def is_last(_config: Config, layer: int, layers: int) -> bool:
    """Return whether a layer is the last, which is built otherwise."""
    return layer == layers - 1


def scaled_by_number(key: str) -> KindOf:
    """Return a kind of its own for every layer where a key is set."""
    return lambda config, layer, _layers: layer if config.get(key) else None


def shared_above(config: Config, layer: int, layers: int) -> Any:
    """Return a kind of its own, from the end, where upper layers share keys and values."""
    shared = number_in(config, "num_kv_shared_layers", 0)
    return layer - layers if shared else None


def per_layer_inputs(config: Config, layer: int, layers: int) -> Any:
    """Return a kind of its own where one table holds the inputs of all layers."""
    return (layer, layers) if config.get("hidden_size_per_layer_input", 256) else None


def last_too(kind: KindOf, last: str = "full_attention") -> KindOf:
    """Return kinds of which the last is always one."""
    return lambda config, layer, layers: (
        last if layer == layers - 1 else kind(config, layer, layers)
    )


def first_too(kind: KindOf, first: int, chosen: str = "full_attention") -> KindOf:
    """Return kinds of which the first are always one."""
    return lambda config, layer, layers: chosen if layer < first else kind(config, layer, layers)


def indexer(config: Config, layer: int, _layers: int) -> str:
    """Return which layers have an indexer of their own, by a pattern or a frequency."""
    pattern = config.get("index_topk_pattern")
    if pattern is not None:
        return "shared" if pattern[layer] in {"S", "shared"} else "full"
    step = max(number_in(config, "index_topk_freq", 1), 1)
    shift = max(layer - number_in(config, "index_skip_topk_offset", 2) + 1, 0)
    return "shared" if shift % step else "full"
