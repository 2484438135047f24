"""Runs the stages in order until the thresholds are met; each stage as a verb of its own."""
