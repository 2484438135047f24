"""Weights of a live model replaced and put back, without loading anything again."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from lexgraft.errors import LexgraftError, nearest


class LiveWeights:
    """The parameters of a live model by their names on disk; remembers what it replaced."""

    def __init__(self, model: nn.Module) -> None:
        self._parameters = dict(model.named_parameters())  # tied weights once, by their first name
        aliases = dict(model.named_parameters(remove_duplicate=False))
        self._tied = tuple(sorted(aliases.keys() - self._parameters.keys()))
        self._prefix = f"{getattr(model, 'base_model_prefix', '')}."
        self._original: dict[str, Tensor] = {}

    @torch.no_grad()
    def put(self, tensors: Iterable[tuple[str, Tensor]]) -> None:
        """Replace weights; what an earlier `put` replaced and this one does not goes back.

        A tied name follows the weight it is tied to, as it does when a folder is loaded.

        Raises:
            LexgraftError: an unknown name or another shape; the model is then as it was loaded.
        """
        replaced: set[str] = set()
        try:
            for name, tensor in tensors:
                key = self._key(name)
                if key in self._tied:
                    continue
                self._write(key, tensor)
                replaced.add(key)
        except BaseException:
            self.reset()
            raise
        self._restore([key for key in self._original if key not in replaced])

    @torch.no_grad()
    def reset(self) -> None:
        """Put back every weight that was replaced."""
        self._restore(list(self._original))

    def _key(self, name: str) -> str:
        """Return the live name of a name on disk, which may lack the body's prefix."""
        for key in (name, self._prefix + name):
            if key in self._parameters or key in self._tied:
                return key
        raise LexgraftError(
            f"the model has no weight `{name}`", cure=nearest(name, self._parameters)
        )

    def _write(self, key: str, tensor: Tensor) -> None:
        live = self._parameters[key]
        if live.shape != tensor.shape:
            raise LexgraftError(
                f"`{key}` has shape {tuple(tensor.shape)}, the model's has {tuple(live.shape)}"
            )
        if key not in self._original:
            self._original[key] = _compact(live)
        live.copy_(tensor)

    def _restore(self, keys: list[str]) -> None:
        for key in keys:
            self._parameters[key].copy_(self._original.pop(key))


def disk_names(model: nn.Module, names: Iterable[str]) -> dict[str, str]:
    """Return live name → name on disk, of these names on disk, which may lack the body's prefix."""
    prefix = f"{getattr(model, 'base_model_prefix', '')}."
    live = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    return {key: name for name in names for key in (name, prefix + name) if key in live}


def _compact(tensor: Tensor) -> Tensor:
    """Return a copy, in half the space where no bit is lost."""
    half = tensor.detach().to(torch.bfloat16)
    return half if torch.equal(half.to(tensor.dtype), tensor) else tensor.detach().clone()
