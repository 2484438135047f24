"""Ids of concepts that their file gives none: by line, and by order where a line has several."""


class LineNames:
    """Makes ids from a file's name and lines, no two alike."""

    def __init__(self, stem: str) -> None:
        self._stem = stem
        self._line, self._count = 0, 0

    def at(self, line: int) -> str:
        """Return the id of the next concept, which starts in a line.

        Example:
            >>> names = LineNames("terms")
            >>> names.at(5), names.at(5), names.at(7)
            ('terms:5', 'terms:5.2', 'terms:7')
        """
        self._count = self._count + 1 if line == self._line else 1
        self._line = line
        return f"{self._stem}:{line}" + (f".{self._count}" if self._count > 1 else "")
