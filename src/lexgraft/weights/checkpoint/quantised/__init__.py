"""Quantised weights (fp8, compressed-tensors) read as ordinary tensors; others refused by name."""
