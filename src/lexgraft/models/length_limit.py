"""How many tokens an architecture takes at most, whatever its configuration calls that."""

import re
from collections.abc import Iterator
from typing import Any

from torch import nn

LIMITS = (
    "max_position_embeddings",
    "n_positions",
    "max_seq_len",
    "max_seq_length",
    "max_sequence_length",
    "max_target_positions",
    "max_context_length",
    "n_ctx",
    "context_length",
    "seq_length",
    "seq_len",
)
"""What configurations call the most tokens of one text; lengths of images and sounds are not it."""
_POSITIONS = re.compile(r"(^|\.)(\w*position\w*|wpe|embed_pos)$")
_NOT_PLACES = re.compile(r"relative|distance|token_type")


def longest_input(model: nn.Module) -> int | None:
    """Return the most tokens of one text, or None where neither configuration nor tables say.

    The smallest of all that is named counts: a table of positions that is longer than the length
    trained for is not of use, and a shorter one ends in an index error.
    """
    live: Any = model  # what transformers adds to a module is not typed
    config = live.config.get_text_config()
    named = [getattr(config, name, None) for name in LIMITS]
    lengths = [n for n in named if isinstance(n, int) and not isinstance(n, bool) and n > 0]
    return min([*lengths, *_places(model)], default=None)


def _places(model: nn.Module) -> Iterator[int]:
    """Yield how many positions each table of learnt positions has for tokens.

    Some tables begin with rows that no token has: OPT and BART name their number `offset`, in
    RoBERTa it is what the padding token takes.
    """
    for name, module in model.named_modules():
        if not isinstance(module, nn.Embedding):
            continue
        if not _POSITIONS.search(name) or _NOT_PLACES.search(name):
            continue
        unused = getattr(module, "offset", 0 if module.padding_idx is None else None)
        yield module.num_embeddings - (1 + (module.padding_idx or 0) if unused is None else unused)
