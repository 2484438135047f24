"""Files: read without trust, written whole or not at all, owned by a run; models by Hub id."""
