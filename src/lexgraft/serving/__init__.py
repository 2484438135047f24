"""A model behind HTTP with its glossary: keys · limits · gateway · engines."""

from msgspec import Struct


class GatewayLimits(Struct, frozen=True):
    """Limits on one client; what exceeds them is refused or cut off, and its slot freed."""

    header_bytes: int = 16 << 10
    body_bytes: int = 1 << 20
    answer_bytes: int = 16 << 20  # of an upstream's whole answer, streamed or not
    tokens: int = 1024  # of an answer; also where a request names none
    messages: int = 1000
    concurrent: int = 32  # requests being answered; more are told to come again
    per_minute: int = 0  # requests of one key, where the key says nothing else; 0: as many as come
    connections: int = 256
    header_seconds: float = 10.0  # for a whole header, and between two requests
    body_seconds: float = 30.0
    silent_seconds: float = 120.0  # until an engine says something, first or next
    answer_seconds: float = 900.0  # from a request's admission to the end of its answer
    write_seconds: float = 30.0  # until a client takes what was sent


class RequestRefusal(Exception):  # noqa: N818 (an answer, not a fault)
    """A request that is not answered, in the shape that OpenAI's clients expect."""

    def __init__(
        self, status: int, message: str, kind: str = "invalid_request_error", wait: int = 0
    ) -> None:
        self.status, self.message, self.kind = status, message, kind
        self.wait = wait  # seconds after which to come again; 0: not said
        super().__init__(message)

    def record(self) -> dict[str, object]:
        """Return the body of the answer."""
        return {"error": {"message": self.message, "type": self.kind, "param": None, "code": None}}
