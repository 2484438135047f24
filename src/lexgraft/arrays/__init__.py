"""Arrays in annotations and torch on first use."""
