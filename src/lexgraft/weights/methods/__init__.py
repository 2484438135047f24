"""Merge methods: pure functions of float32 tensors; one decorator and one file make one method."""

from importlib import import_module
from pkgutil import iter_modules

from lexgraft.weights.methods.registry import METHODS, Method, get_method

__all__ = ["METHODS", "Method", "get_method"]

for _name in sorted(module.name for module in iter_modules(__path__)):
    import_module(f"{__name__}.{_name}")
