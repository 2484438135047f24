"""lexgraft: graft a technical vocabulary onto a language model, and prove that it took."""

__version__ = "0.1.0"
