"""How much releases may lose, and how often an alarm may be false."""

from msgspec import Struct


class ReleasePolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """How much may be lost, and how often an alarm may be false."""

    budget: float = 0.02  # share of the concepts known that may be lost since the first release
    alpha: float = 0.05  # chance of any false alarm, over all releases, looks, directions, fields
