"""Merging: a plan (pure), then the same arithmetic to a folder or into a live model."""
