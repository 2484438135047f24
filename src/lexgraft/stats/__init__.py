"""Statistics (pure): intervals, sequential tests, multiple testing, power, gates."""
