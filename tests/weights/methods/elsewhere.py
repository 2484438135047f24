"""A second device where there is none: tensors that only meet others of their own kind.

What a GPU refuses is refused: an operation with a tensor that was made on the processor, reading as
an array without `.cpu()`, a tensor made on the processor's default device by oversight.
"""

from typing import Any

import torch
from torch import Tensor

DEVICE = torch.device("cuda:0")
_MOVES = {"to", "cpu", "copy_", "__get__", "item", "tolist", "__bool__", "__float__", "__int__"}


class Elsewhere(Tensor):
    """A tensor that says it lies on a GPU."""

    @property
    def device(self) -> torch.device:  # pyright: ignore[reportIncompatibleVariableOverride]
        return DEVICE

    def numpy(self, *_: Any, **__: Any) -> Any:
        raise TypeError("a tensor of a GPU is no array")

    def cpu(self, *_: Any, **__: Any) -> Tensor:
        return self.as_subclass(Tensor)

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", "")
        given = [one for one in [*args, *(kwargs or {}).values()] if isinstance(one, Tensor)]
        for one in given:
            if type(one) is Tensor and one.ndim and name not in _MOVES:
                raise RuntimeError(f"{name}: tensors on two devices")
        return super().__torch_function__(func, types, args, kwargs or {})


def elsewhere(tensor: Tensor) -> Tensor:
    """Return a tensor as if it lay on a GPU."""
    return tensor.clone().as_subclass(Elsewhere)


class Moved(torch.overrides.TorchFunctionMode):
    """Makes what is asked for on that device, by name, there."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        named = dict(kwargs or {})
        if named.get("device") == DEVICE:
            del named["device"]
            return elsewhere(func(*args, **named))
        return func(*args, **named)
