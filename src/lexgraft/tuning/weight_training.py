"""The weights themselves under training: parameters by name, or some rows of the embedding."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from lexgraft.errors import LexgraftError


class TrainedWeights(nn.Module):
    """Copies of chosen parameters, or of some rows of them, that take their place in training."""

    def __init__(self, model: nn.Module, names: Sequence[str], tokens: Sequence[int] = ()) -> None:
        super().__init__()
        chosen = dict(model.named_parameters())
        self.names = tuple(sorted(names))
        self.rows = torch.tensor(tokens) if tokens else None
        self.frozen = {name: chosen[name].detach() for name in self.names}
        self.values = nn.ParameterList(
            nn.Parameter(
                weight.float().clone() if self.rows is None else weight[self.rows].float().clone()
            )
            for weight in self.frozen.values()
        )

    @contextmanager
    def attached(self, model: nn.Module) -> Generator[None]:
        """Replace the model's parameters by the copies, tied ones too, while the context lasts."""
        flags = {name: weight.requires_grad for name, weight in model.named_parameters()}
        parameters = dict(model.named_parameters())
        owners = [_owners(model, parameters[name]) for name in self.names]
        model.requires_grad_(requires_grad=False)

        def put(*_: object) -> None:
            for name, value, where in zip(self.names, self.values, owners, strict=True):
                for module, key in where:
                    module._parameters[key] = self._full(name, value)  # noqa: SLF001 (a plain tensor cannot be assigned)

        put()
        body: Any = model.base_model
        handle = body.register_forward_pre_hook(put)
        try:
            yield
        finally:
            handle.remove()
            for name, where in zip(self.names, owners, strict=True):
                for module, key in where:
                    module._parameters[key] = parameters[name]  # noqa: SLF001 (as above)
            for name, weight in model.named_parameters():
                weight.requires_grad_(flags[name])

    def _full(self, name: str, value: nn.Parameter) -> Any:
        """Return the full parameter with the trained rows put in, in the model's own format.

        Of a half format the trained values are in float32, where small steps are not lost.
        """
        frozen = self.frozen[name]
        if self.rows is None:
            return value if value.dtype == frozen.dtype else value.to(frozen.dtype)
        return frozen.index_copy(0, self.rows.to(value.device), value.to(frozen.dtype))

    def tensors(self) -> dict[str, Tensor]:
        """Return the trained values by parameter name; of an embedding the trained rows alone."""
        return {name: value.detach() for name, value in zip(self.names, self.values, strict=True)}

    def full_tensors(self) -> dict[str, Tensor]:
        """Return the full parameters by name, trained rows put in."""
        pairs = zip(self.names, self.values, strict=True)
        return {name: self._full(name, value).detach() for name, value in pairs}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore values that `tensors()` returned."""
        with torch.no_grad():
            for name, value in zip(self.names, self.values, strict=True):
                value.copy_(tensors[name])


def embedding_names(model: nn.Module) -> tuple[str, ...]:
    """Return the names of the parameters that hold a row per token: one where they are tied.

    Raises:
        LexgraftError: the model has no embedding.
    """
    language_model: Any = model
    layers = [
        find()
        for find in (language_model.get_input_embeddings, language_model.get_output_embeddings)
    ]
    held = [layer.weight for layer in layers if layer is not None]
    names = [
        n
        for n, parameter in model.named_parameters()
        if any(parameter is weight for weight in held)
    ]
    if not names:
        raise LexgraftError(
            f"{type(model).__name__} has no embedding", cure="train something else: `tune.train`"
        )
    return tuple(names)


def _owners(model: nn.Module, parameter: nn.Parameter) -> list[tuple[nn.Module, str]]:
    """Return every module and key under which the model holds a parameter (several if tied)."""
    return [
        (module, key)
        for module in model.modules()
        for key, value in module.named_parameters(recurse=False, remove_duplicate=False)
        if value is parameter
    ]
