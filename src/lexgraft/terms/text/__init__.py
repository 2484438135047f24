"""Text operations that readers, test sets and glossaries share: folding, scripts, spellings."""
