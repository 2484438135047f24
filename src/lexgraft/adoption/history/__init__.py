"""Releases over time: a ledger that is only added to, what flipped between two, a gate for CI."""
