"""GGUF files (quantised, one file) → an ordinary model folder in bfloat16."""

from lexgraft.weights.checkpoint.gguf.convert import convert_gguf

__all__ = ["convert_gguf"]
