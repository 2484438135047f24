"""A base without weights, for what only asks its configuration."""

from types import SimpleNamespace
from typing import Any

import torch


class Looked(torch.nn.Module):
    """A model of which only the configuration is asked."""

    base_model = None

    def __init__(self, softcap: float | None = None, factor: float | None = None) -> None:
        super().__init__()
        self._asked = SimpleNamespace(final_logit_softcapping=softcap, logit_scale=factor)

    def get_input_embeddings(self) -> Any:
        return None

    get_output_embeddings = get_input_embeddings

    @property
    def config(self) -> Any:
        return SimpleNamespace(get_text_config=lambda: self._asked)
