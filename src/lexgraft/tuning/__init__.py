"""Partial fine-tuning: choose parameters · examples and replay · train."""
