"""One gate after a model is loaded: it is the folder's, whole, and computes numbers."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from lexgraft.errors import LexgraftError
from lexgraft.files.model_files import CONFIG
from lexgraft.files.quantised_kinds import dense_cure, read_kind
from lexgraft.files.safe_json import read_json

SHOWN = 3  # names in a message
_NOT_TEXT = ("vision", "visual", "audio", "multi_modal", "mtp", "speech", "image")
"""Words in names of tensors that a text-only loader leaves out on purpose."""
_DIGITS = (3, 1, 4, 1, 5, 9, 2, 6)
SEES_NOTHING = 0.01  # nats in float32 by which a causal model's prediction may still differ
_HUB_KEYS = ("attn_implementation", "_attn_implementation", "experts_implementation")
_CODE = ("eager", "sdpa", "flash_attention_2", "flash_attention_3", "grouped_mm", "batched_mm")
"""What those keys may name: parts of transformers and of installed packages, nothing compiled."""


def check_folder(folder: Path) -> None:
    """Refuse a folder from which another model, or code from a hub, would be loaded.

    transformers follows an `adapter_config.json` beside a configuration to another base, and an
    attention that is named `org/kernel` to a kernel on the Hub.

    Raises:
        LexgraftError: the folder holds such a file or names such a kernel.
    """
    if (folder / CONFIG).exists():
        raise LexgraftError(
            f"a model's folder with a stray {CONFIG}: another base would be loaded",
            where=str(folder),
            cure=f"move {CONFIG} away, or give the adapter a folder of its own",
        )
    for key, named in _named_code(read_json(folder / "config.json")):
        if named is not None and named not in _CODE:
            from_hub = isinstance(named, str) and ("/" in named or "@" in named)
            fault = "loads a kernel from a hub" if from_hub else "is not run here"
            raise LexgraftError(
                f"`{key}: {named!s:.80}` {fault}",
                where=str(folder / "config.json"),
                cure="take the key out: the attention is chosen by what is installed",
            )


def refuse_quantised(folder: Path) -> None:
    """Refuse to load quantised weights whose dense values a merge can write.

    Raises:
        LexgraftError: the configuration names such weights; the cure writes the folder.
    """
    kind = read_kind(read_json(folder / "config.json"))
    if kind is not None:
        raise LexgraftError(
            f"weights quantised as `{kind}` are merged as they are, and not loaded to be asked",
            where=str(folder),
            cure=dense_cure(folder),
        )


def _named_code(tree: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield what a configuration says of the code that runs it, for each of its parts."""
    for key, value in tree.items():
        if key in _HUB_KEYS:
            named = value.values() if isinstance(value, Mapping) else (value,)
            yield from ((key, name) for name in named)
        elif isinstance(value, Mapping):
            yield from _named_code(value)


def check_tensors(report: Mapping[str, Any], folder: Path) -> None:
    """Refuse a model whose live tensors are not those of its files.

    Args:
        report: what transformers says of its loading (`output_loading_info`).
        folder: the model's.

    Raises:
        LexgraftError: tensors that were filled at random, left out, or have another shape.
    """
    unknown = [
        name
        for name in report.get("unexpected_keys", ())
        if not any(word in name for word in _NOT_TEXT)
    ]
    mismatched = [
        name[0] if isinstance(name, tuple) else name for name in report["mismatched_keys"]
    ]
    for names, fault in (
        (report["missing_keys"], "the files lack tensors that the configuration wants"),
        (unknown, "the files hold tensors that the configuration has no place for"),
        (mismatched, "tensors have another shape than the configuration wants"),
    ):
        if names:
            raise LexgraftError(
                f"{fault}: {_listed(names)}",
                where=str(folder),
                cure="get the whole model folder again: configuration and weights differ",
            )


@torch.inference_mode()
def check_finite(model: nn.Module, folder: Path) -> None:
    """Refuse a model whose weights or logits are not finite numbers.

    Raises:
        LexgraftError: NaN or infinity in a parameter, or in the logits of a short row of tokens.
    """
    for name, parameter in model.named_parameters():
        if parameter.numel() and not torch.stack(torch.aminmax(parameter)).isfinite().all():
            raise LexgraftError(
                f"`{name}` holds values that are not finite",
                where=str(folder),
                cure="get the model again; a merge keeps such values only with --allow-nonfinite",
            )
    live: Any = model
    size = int(live.config.get_text_config().vocab_size)
    device = next(model.parameters()).device
    tokens = torch.tensor([[number % size for number in (3, 1, 4, 1)]], device=device)
    if not bool(live(input_ids=tokens).logits.isfinite().all()):
        raise LexgraftError(
            "its logits are not finite: its values are too large for this number format",
            where=str(folder),
            cure="try --dtype float32",
        )


@torch.inference_mode()
def check_causal(model: nn.Module, folder: Path) -> None:
    """Refuse a model whose predictions change with the tokens that follow: it scores no text.

    Raises:
        LexgraftError: the likeliest token's probability is another where the text goes on.
    """
    live: Any = model
    size = int(live.config.get_text_config().vocab_size)
    tokens = torch.tensor(
        [[number % size for number in _DIGITS]], device=next(model.parameters()).device
    )
    last = len(_DIGITS) // 2
    ended, going_on = (
        live(input_ids=ids, use_cache=False).logits[0, last - 1].float().log_softmax(-1)
        for ids in (tokens[:, :last], tokens)
    )
    apart = float((ended - going_on)[ended.argmax()].abs())
    if apart > (SEES_NOTHING if next(model.parameters()).dtype == torch.float32 else 1.0):
        raise LexgraftError(
            f"{type(model).__name__}: its predictions change with what follows ({apart:.2g} nats)",
            where=str(folder),
            cure="give a causal model: for BERT's kin that means `is_decoder: true`",
        )


def _listed(names: Iterable[str]) -> str:
    """Return the first names in order, and how many more there are."""
    ordered = sorted(names)
    remaining = f" and {len(ordered) - SHOWN} more" if len(ordered) > SHOWN else ""
    return ", ".join(f"`{name}`" for name in ordered[:SHOWN]) + remaining
