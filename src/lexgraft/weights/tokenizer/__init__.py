"""Tokenizer files read without trust, and tokenizers at work."""
