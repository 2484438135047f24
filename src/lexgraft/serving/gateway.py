"""The gateway: admits requests, puts glossary entries before prompts, verifies them in answers."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from urllib.parse import quote

import msgspec
from msgspec import Struct

from lexgraft import __version__
from lexgraft.serving import GatewayLimits, RequestRefusal
from lexgraft.serving.bearer_keys import BearerKey, matching_key
from lexgraft.serving.counters import Counters
from lexgraft.serving.engine_interface import AnswerEngine, answer_text
from lexgraft.serving.event_stream import write_event
from lexgraft.serving.http_wire import JSON, HttpReply, RequestHead
from lexgraft.serving.loopback_hosts import asks_for_this_machine
from lexgraft.serving.rate_limit import RateBuckets
from lexgraft.serving.requests import ROUTES, AnswerRequest, ChatMessage, ChatRequest, parse_request
from lexgraft.terms.glossary import GlossaryEntry
from lexgraft.terms.glossary.prompt_block import GlossaryBlock, repair_request
from lexgraft.terms.glossary.termbase import OpenGlossary, block_for
from lexgraft.terms.glossary.verify_output import VerifiedText

Log = Callable[[dict[str, object]], None]
_EVENTS = "text/event-stream; charset=utf-8"
_TEXT = "text/plain; version=0.0.4; charset=utf-8"
_NONE = GlossaryBlock("", (), ())


class AppliedTerms(Struct, frozen=True):
    """The glossary that goes before prompts, and how much of it."""

    glossary: OpenGlossary
    entries: int = 30
    tokens: int = 1000
    definitions: bool = False
    repair: bool = False


class Gateway:
    """Answers requests to one model, with the terms of one glossary in its prompts."""

    def __init__(
        self,
        model: str,
        engine: AnswerEngine,
        terms: AppliedTerms | None,
        limits: GatewayLimits,
        keys: Sequence[BearerKey] = (),
        log: Log = lambda _: None,
    ) -> None:
        self._model, self._engine, self._terms, self._limits = model, engine, terms, limits
        self.keys, self.log, self._counters = keys, log, Counters()
        self._buckets = RateBuckets()

    @property
    def active(self) -> int:
        """Return how many requests are being answered."""
        return self._counters.active

    def admit(self, head: RequestHead) -> None:
        """Refuse who has no key, and without keys what does not ask for this machine."""
        if head.path == "/health":
            return
        if self.keys:
            if not self._key(head):
                raise RequestRefusal(401, "a valid key is needed", "authentication_error")
        elif not asks_for_this_machine(head.headers.get("host", "")):
            raise RequestRefusal(
                403, "without keys only this machine is served", "permission_error"
            )

    def _key(self, head: RequestHead) -> BearerKey | None:
        return matching_key(self.keys, head.headers.get("authorization", ""))

    def _slow_down(self, head: RequestHead) -> None:
        """Refuse a key that asks more often than it may; without keys all share one bucket."""
        key = self._key(head)
        allowed = (key.per_minute if key else 0) or self._limits.per_minute
        wait = self._buckets.take(key.name if key else "", allowed, time.monotonic())
        if wait:
            what = f"{allowed} requests a minute are allowed"
            raise RequestRefusal(429, what, "rate_limit_error", wait=wait)

    async def respond(self, head: RequestHead, body: bytes, reply: HttpReply) -> None:
        """Answer one request and count it."""
        began, entries = time.perf_counter(), _NONE
        try:
            if head.path in ROUTES:
                entries = await self._generate(head, body, reply)
            else:
                await self._report(head, reply)
        except RequestRefusal as refusal:
            headers = {"retry-after": str(refusal.wait)} if refusal.wait else {}
            await reply.send_complete(
                refusal.status, msgspec.json.encode(refusal.record()), JSON, headers
            )
        except (ConnectionError, TimeoutError):
            raise  # the client does not read
        except Exception as error:
            self.log({"fault": repr(error)[:500]})
            if reply.status:
                raise ConnectionError("broke off") from error
            fault = RequestRefusal(500, "internal error of the gateway", "server_error")
            await reply.send_complete(500, msgspec.json.encode(fault.record()))
        finally:
            self._count(head, reply.status, time.perf_counter() - began, entries)

    def _count(self, head: RequestHead, status: int, seconds: float, block: GlossaryBlock) -> None:
        """Count and log a request: the terms' ids, never the text. Status 0: the client left."""
        route = head.path if head.path in (*ROUTES, *_STATUS_ROUTES) else "other"
        self._counters.count(route, status, seconds, len(block.used))
        key = self._key(head)
        self.log(
            {
                "key": key.name if key else "",
                "route": route,
                "status": status,
                "seconds": round(seconds, 4),
                "terms": [entry.id for entry in block.used],
                "left_out": [entry.id for entry in block.dropped],
            }
        )

    async def _report(self, head: RequestHead, reply: HttpReply) -> None:
        """Answer what needs no engine."""
        if head.path not in _STATUS_ROUTES and head.path != f"/v1/models/{quote(self._model)}":
            raise RequestRefusal(404, "there is no such route here", "not_found")
        if head.method not in ("GET", "HEAD"):
            raise RequestRefusal(405, "this route is for GET")
        model = {"id": self._model, "object": "model", "created": 0, "owned_by": "lexgraft"}
        if head.path == "/health":
            await reply.send_complete(
                200, msgspec.json.encode({"status": "ok", "version": __version__})
            )
        elif head.path == "/metrics":
            await reply.send_complete(200, self._counters.text().encode(), _TEXT)
        elif head.path == "/v1/models":
            await reply.send_complete(200, msgspec.json.encode({"object": "list", "data": [model]}))
        else:
            await reply.send_complete(200, msgspec.json.encode(model))

    async def _generate(self, head: RequestHead, body: bytes, reply: HttpReply) -> GlossaryBlock:
        """Have the engine answer; return the glossary entries that were put into the prompt."""
        if head.method != "POST":
            raise RequestRefusal(405, "this route is for POST")
        self._slow_down(head)
        if head.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
            raise RequestRefusal(415, f"the content-type must be {JSON}")
        request = parse_request(head.path, body, self._model, self._limits)
        if self._counters.active >= self._limits.concurrent:
            raise RequestRefusal(
                429, "too many requests at once: retry in a moment", "rate_limit_error", wait=1
            )
        self._counters.active += 1
        try:
            block = self._prepare(head, request)
            if request.stream:
                await self._stream(request, block, reply)
            else:
                answer, headers = await self._whole(request, block)
                await reply.send_complete(200, answer, JSON, headers)
            return block
        finally:
            self._counters.active -= 1

    def _prepare(self, head: RequestHead, request: AnswerRequest) -> GlossaryBlock:
        """Put matched glossary entries into the request; leave it as it is where none matches."""
        switch = head.headers.get("x-glossary", "on")
        if switch not in ("on", "off"):
            raise RequestRefusal(400, "x-glossary may be on or off")
        if self._terms is None or switch == "off":
            return _NONE
        block = block_for(
            "\n".join(request.texts()),
            self._terms.glossary,
            limit=self._terms.entries,
            room=self._terms.tokens,
            size=self._engine.count,
            definitions=self._terms.definitions,
        )
        if block.used:
            request.prepend(block.text)
        return block

    async def _whole(
        self, request: AnswerRequest, block: GlossaryBlock
    ) -> tuple[bytes, dict[str, str]]:
        """Return an answer and what its headers say of its terms.

        A chat is asked for once more if its terms are wrong and repair is on.
        """
        headers = _headers(block)
        async with self._in_time():
            answer = await self._engine.answer(request)
            if not block.used:
                return answer, headers
            verified = self._verified(answer_text(answer), block.used)
            if (
                self._terms
                and self._terms.repair
                and verified.faults
                and isinstance(request, ChatRequest)
            ):
                answer, verified, better = await self._repair(request, answer, verified)
                headers["x-glossary-repaired"] = "yes" if better else "no"
        return answer, headers | _verdict(verified)

    def _verified(self, answer: str, entries: Sequence[GlossaryEntry]) -> VerifiedText:
        """Return which of the entries' terms an answer uses."""
        assert self._terms
        return self._terms.glossary.verify(answer, entries)

    @asynccontextmanager
    async def _in_time(self) -> AsyncGenerator[None]:
        """End an engine's work that takes longer than an answer may, however it drips."""
        seconds = self._limits.answer_seconds
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                yield
        except TimeoutError:
            if not limit.expired():
                raise  # the client does not read
            what = f"the answer was not whole after {seconds:g} seconds"
            raise RequestRefusal(504, what, "engine_error") from None

    async def _repair(
        self, request: ChatRequest, answer: bytes, verified: VerifiedText
    ) -> tuple[bytes, VerifiedText, bool]:
        """Return the answer to one more turn if it has fewer wrong terms, else the first."""
        assert self._terms
        correction = repair_request(verified.wrong, self._terms.glossary.target)
        turn = [ChatMessage("assistant", answer_text(answer)), ChatMessage("user", correction)]
        second = await self._engine.answer(
            msgspec.structs.replace(request, messages=[*request.messages, *turn])
        )
        checked = self._verified(answer_text(second), (*verified.used, *verified.missed))
        better = checked.faults < verified.faults
        return (second, checked, True) if better else (answer, verified, False)

    async def _stream(self, request: AnswerRequest, block: GlossaryBlock, reply: HttpReply) -> None:
        """Stream an answer; the verdict on its terms follows as a comment."""
        head = {**_headers(block), "x-accel-buffering": "no"}
        pieces: list[str] = []
        try:
            async with self._in_time(), aclosing(self._engine.stream(request)) as events:
                event = await anext(events, None)  # a fault up to here has a status of its own
                await reply.start(200, _EVENTS, head)
                while event is not None:
                    if block.used:
                        pieces.append(answer_text(event))
                    await reply.send_chunk(write_event(event))
                    event = await anext(events, None)
        except RequestRefusal as refusal:
            if not reply.status:
                raise
            await reply.send_chunk(write_event(msgspec.json.encode(refusal.record()), "error"))
        else:
            if block.used:
                verdict = msgspec.json.encode(_verdict(self._verified("".join(pieces), block.used)))
                await reply.send_chunk(b": " + verdict + b"\n\n")
            await reply.send_chunk(write_event(b"[DONE]"))
        await reply.end()


_STATUS_ROUTES = ("/health", "/metrics", "/v1/models")


def _headers(block: GlossaryBlock) -> dict[str, str]:
    """Return headers that name the entries in the prompt, and those that did not fit."""
    headers = {"x-glossary-terms": _ids(block.used)}
    return {**headers, "x-glossary-left-out": _ids(block.dropped)} if block.dropped else headers


def _verdict(verified: VerifiedText) -> dict[str, str]:
    """Return which required terms an answer misses, and how many forbidden ones it has."""
    return {
        "x-glossary-missed": _ids(verified.missed),
        "x-glossary-forbidden": str(len(verified.forbidden)),
    }


def _ids(entries: Sequence[GlossaryEntry]) -> str:
    """Return ids as a header may have them: at most a hundred, signs escaped."""
    ids = list(dict.fromkeys(entry.id for entry in entries))
    return ",".join(quote(entry_id, safe=":._-")[:100] for entry_id in ids[:100])
