"""A model on this machine as the engine: one answer at a time, streamed as it is generated."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec

from lexgraft.errors import LexgraftError
from lexgraft.models.sampling import GeneratedText, sampler
from lexgraft.models.transformers import TransformersModel
from lexgraft.records import digest
from lexgraft.serving import GatewayLimits, RequestRefusal
from lexgraft.serving.requests import AnswerRequest, ChatRequest

_Piece = str | GeneratedText | Exception
_FOREIGN = ("tools", "tool_choice", "response_format", "presence_penalty", "frequency_penalty")


class LocalEngine:
    """A transformers model; requests wait for their turn.

    The same request gets the same answer: tokens are the likeliest unless a temperature is given,
    and then drawn from the request's seed, or from its content where it has none.
    """

    def __init__(self, model: TransformersModel, name: str, limits: GatewayLimits) -> None:
        self._model, self._name, self._limits = model, name, limits
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._templates = ThreadPoolExecutor(1, thread_name_prefix="templates")

    async def answer(self, request: AnswerRequest) -> bytes:
        """Return the whole answer."""
        pieces = [piece async for piece in self._pieces(request)]
        written = pieces[-1]
        assert isinstance(written, GeneratedText)
        chat = isinstance(request, ChatRequest)
        message = {"role": "assistant", "content": written.text}
        return self._record(
            request,
            {"message": message} if chat else {"text": written.text},
            written,
            complete=True,
        )

    async def stream(self, request: AnswerRequest) -> AsyncGenerator[bytes, None]:
        """Yield the answer piece by piece."""
        chat = isinstance(request, ChatRequest)
        if chat:
            yield self._record(request, {"delta": {"role": "assistant", "content": ""}}, None)
        async for piece in self._pieces(request):
            if isinstance(piece, GeneratedText):
                yield self._record(request, {"delta": {}} if chat else {"text": ""}, piece)
            else:
                yield self._record(
                    request, {"delta": {"content": piece}} if chat else {"text": piece}, None
                )

    def warm_up(self) -> str:
        """Have the chat template rendered once; return why it cannot be, or nothing."""
        try:
            self._model.chat_prompt([{"role": "user", "content": "?"}])
        except LexgraftError as error:
            return error.what
        return ""

    def count(self, text: str) -> int:
        """Return how many tokens a text has."""
        return self._model.count(text)

    async def _pieces(self, request: AnswerRequest) -> AsyncGenerator[str | GeneratedText, None]:
        """Yield the pieces of an answer, then all of it; closing this stops the generation."""
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[_Piece]()
        prompt = await loop.run_in_executor(self._templates, self._prompt, request)
        closed = threading.Event()

        def enqueue(piece: _Piece) -> None:
            loop.call_soon_threadsafe(queue.put_nowait, piece)

        def on_text(piece: str) -> bool:
            enqueue(piece)
            return not closed.is_set()

        async with self._turn:
            writing = loop.run_in_executor(
                self._thread, self._write, request, prompt, on_text, enqueue
            )
            try:
                while True:
                    piece = await self._next(queue)
                    if isinstance(piece, Exception):
                        raise piece
                    yield piece
                    if isinstance(piece, GeneratedText):
                        return
            finally:
                closed.set()
                await asyncio.shield(writing)

    async def _next(self, queue: "asyncio.Queue[_Piece]") -> _Piece:
        """Return the next piece, which may not be too long in coming."""
        try:
            async with asyncio.timeout(self._limits.silent_seconds):
                return await queue.get()
        except TimeoutError:
            raise RequestRefusal(504, "the engine has fallen silent", "engine_error") from None

    def _write(
        self,
        request: AnswerRequest,
        prompt: str,
        on_text: Callable[[str], bool],
        enqueue: Callable[..., None],
    ) -> None:
        """Write an answer; runs in the engine's thread."""
        stop = [request.stop] if isinstance(request.stop, str) else request.stop or []
        seed = int(digest("draws", prompt)[:12], 16) if request.seed is None else request.seed
        pick = sampler(request.temperature or 0.0, request.top_p or 1.0, seed)
        try:
            enqueue(self._model.write(prompt, request.tokens() or 1, stop, on_text, pick))
        except LexgraftError as error:
            enqueue(RequestRefusal(400, error.what, "invalid_request_error"))
        except Exception as error:  # noqa: BLE001 (whatever it is, one request fails, not the server)
            enqueue(
                RequestRefusal(502, f"the engine failed: {type(error).__name__}", "engine_error")
            )

    def _prompt(self, request: AnswerRequest) -> str:
        """Return the text to be continued."""
        for field in _FOREIGN:
            if getattr(request, field, None):
                raise RequestRefusal(400, f"`{field}` needs another engine (--upstream)")
        if not isinstance(request, ChatRequest):
            return request.prompt
        messages = [
            {"role": message.role, "content": message.text()} for message in request.messages
        ]
        try:
            return self._model.chat_prompt(messages)
        except LexgraftError as error:
            raise RequestRefusal(400, error.what) from error

    def _record(
        self,
        request: AnswerRequest,
        choice: dict[str, object],
        written: GeneratedText | None,
        *,
        complete: bool = False,
    ) -> bytes:
        """Return an answer, or an event of one, as OpenAI's clients expect it."""
        chat = isinstance(request, ChatRequest)
        kind = (
            ("chat.completion" if complete else "chat.completion.chunk")
            if chat
            else "text_completion"
        )
        ended = None if written is None else "stop" if written.finished else "length"
        record: dict[str, object] = {
            "id": f"lexgraft-{digest(request)[:24]}",
            "object": kind,
            "created": 0,
            "model": self._name,
            "choices": [{"index": 0, **choice, "finish_reason": ended, "logprobs": None}],
        }
        counted = complete or (request.stream_options and request.stream_options.include_usage)
        if written is not None and counted:
            record["usage"] = {
                "prompt_tokens": written.prompt_tokens,
                "completion_tokens": written.tokens,
                "total_tokens": written.prompt_tokens + written.tokens,
            }
        return msgspec.json.encode(record)
