"""torch, imported when a first tensor is made: neither plans nor compiled merges wait for it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    Tensor = Any  # shapes and dtypes in annotations are checked all the same

    class _Torch:
        """The package, at the first look at anything in it."""

        def __getattr__(self, name: str) -> object:
            import torch

            return getattr(torch, name)

    torch = _Torch()

__all__ = ["Tensor", "torch"]
