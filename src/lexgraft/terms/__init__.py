"""Terms: readers, test sets, glossaries, and the text operations that they share."""
