"""chrF: how far the characters of a text are those of a reference (pure)."""

from collections import Counter

ORDER = 6  # characters in a row, at most
BETA = 2  # recall counts twice as much as precision


def chrf(text: str, reference: str) -> float:
    """Return chrF2 in [0, 1], white space left out (Popović 2015, WMT, section 2).

    Precision and recall are means over the lengths of n-gram that both texts have, F as
    (1 + β²)·P·R / (β²·P + R). It ranks form above truth: a secondary figure.
    """
    said, wanted = ("".join(one.split()) for one in (text, reference))
    shares = [_shares(said, wanted, size) for size in range(1, ORDER + 1)]
    known = [share for share in shares if share is not None]
    precision = sum(p for p, _ in known) / max(1, len(known))
    recall = sum(r for _, r in known) / max(1, len(known))
    below = BETA**2 * precision + recall
    return (1 + BETA**2) * precision * recall / below if below else 0.0


def _shares(said: str, wanted: str, size: int) -> tuple[float, float] | None:
    """Return precision and recall of one length, or None where a text is shorter."""
    one, other = _counts(said, size), _counts(wanted, size)
    if not one or not other:
        return None
    common = (one & other).total()
    return common / one.total(), common / other.total()


def _counts(text: str, size: int) -> Counter[str]:
    return Counter(text[at : at + size] for at in range(len(text) - size + 1))
