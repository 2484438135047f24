"""Weights: checkpoints, tokenizers, vocabularies, merge methods and the engine that runs them."""
