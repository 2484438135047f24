"""Shapes and dtypes in annotations: checked where jaxtyping is loaded (under tests), else free."""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    from jaxtyping import (
        Bool,
        Float,
        Float32,
        Float64,
        Int,
        Int32,
        Int64,
        Shaped,
        UInt8,
        UInt16,
    )
else:  # a third of the time that a merge takes to start

    class _Unchecked:
        """What stands before the shape, alone."""

        def __class_getitem__(cls, item: tuple[Any, str]) -> Any:
            return item[0]

    Bool = Float = Float32 = Float64 = Int = Int32 = Int64 = Shaped = UInt8 = UInt16 = _Unchecked

__all__ = [
    "Bool",
    "Float",
    "Float32",
    "Float64",
    "Int",
    "Int32",
    "Int64",
    "Shaped",
    "UInt8",
    "UInt16",
]
