"""Vocabularies: extended in their own algorithm, aligned by token, proven on text."""
