"""What a glossary of a million terms adds to a request, and what a stream costs the gateway.

How long an answer takes on a fresh connection and on one that is used again stands below.

    python benchmarks/serving.py [--terms 1000000]

CPU seconds of this process; what the glossary adds is the difference between the same requests with
and without it, through the whole gateway. The block is made for texts of about 2 kB that hold
terms; the engine behind the gateway says 200 words as fast as they are taken, and the clients count
what arrives, in the same process: its share of the time is in the figures.
"""

import argparse
import asyncio
import json
import time
from collections.abc import AsyncGenerator

import msgspec
from matching import make_terms, make_texts, resident

from lexgraft.serving import GatewayLimits
from lexgraft.serving.gateway import AppliedTerms, Gateway
from lexgraft.serving.requests import AnswerRequest
from lexgraft.serving.server import listen, serve_until
from lexgraft.terms.glossary import GlossaryEntry
from lexgraft.terms.glossary.termbase import OpenGlossary, block_for

WORDS, STREAMS, REQUESTS = 200, 32, 200


class Echo:
    """An engine that costs next to nothing."""

    async def answer(self, request: AnswerRequest) -> bytes:
        """Return a short answer."""
        message = {"role": "assistant", "content": request.texts()[0][:9]}
        return msgspec.json.encode({"choices": [{"index": 0, "message": message}]})

    async def stream(self, request: AnswerRequest) -> AsyncGenerator[bytes, None]:
        """Yield the words 0, 1, … of the request's user."""
        assert request.texts()
        for number in range(WORDS):
            yield msgspec.json.encode(
                {"choices": [{"index": 0, "delta": {"content": f"{request.user}-{number} "}}]}
            )
            await asyncio.sleep(0)

    def count(self, text: str) -> int:
        """Return the characters."""
        return len(text)


async def ask(port: int, text: str, user: str, *, stream: bool) -> bytes:
    """Return what comes for a request."""
    message = {"role": "user", "content": text}
    request = {"model": "echo", "messages": [message], "stream": stream, "user": user}
    body = json.dumps(request).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
        b"content-type: application/json\r\ncontent-length: "
        + str(len(body)).encode()
        + b"\r\n\r\n"
        + body
    )
    data = await reader.read(-1)
    writer.close()
    return data


async def waits(port: int, text: str) -> tuple[float, float]:
    """Return the median ms to an answer's last byte: on a fresh connection, on one used again."""
    message = {"role": "user", "content": text}
    body = json.dumps({"model": "echo", "messages": [message]}).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    kept = await asyncio.open_connection("127.0.0.1", port)
    medians: list[float] = []
    for again in (False, True):
        taken: list[float] = []
        for _ in range(REQUESTS // 4):
            started = time.perf_counter()
            reader, writer = kept if again else await asyncio.open_connection("127.0.0.1", port)
            writer.write(head.encode() + body)
            await reader.readuntil(b"]}")
            taken.append((time.perf_counter() - started) * 1e3)
            if not again:
                writer.close()
        medians.append(sorted(taken)[len(taken) // 2])
    kept[1].close()
    return medians[0], medians[1]


async def serve(texts: list[str], glossary: OpenGlossary | None) -> float:
    """Return the ms of a request after printing what that and streams cost, none lost or mixed."""
    limits, ending = GatewayLimits(), asyncio.Event()
    terms = AppliedTerms(glossary, tokens=4000) if glossary else None
    gateway = Gateway("echo", Echo(), terms, limits)
    listening = listen("127.0.0.1", 0, guarded=False)
    port = listening.getsockname()[1]
    serving = asyncio.create_task(serve_until(gateway, limits, listening, ending))
    await asyncio.sleep(0.1)
    started = time.process_time()
    for number in range(REQUESTS):
        assert (await ask(port, texts[number % len(texts)], "x", stream=False))[9:12] == b"200"
    each = (time.process_time() - started) / REQUESTS * 1e3
    started = time.process_time()
    answers = await asyncio.gather(
        *(ask(port, "no term", str(number), stream=True) for number in range(STREAMS))
    )
    event = (time.process_time() - started) / STREAMS / WORDS * 1e6
    whole = all(
        [f'"{user}-{number} "' in answer.decode() for number in range(WORDS)] == [True] * WORDS
        and answer.count(b'"delta"') == WORDS
        for user, answer in enumerate(answers)
    )
    held = f"{len(glossary.entries):,} terms" if glossary else "no glossary"
    print(
        f"{held}: {each:.2f} ms CPU a request of 2 kB; {event:.0f} µs CPU an event of "
        f"{STREAMS} streams at once; nothing lost or mixed: {whole}"
    )
    fresh, again = await waits(port, "no term")
    print(f"an answer: {fresh:.1f} ms on a fresh connection, {again:.1f} ms on one used again")
    ending.set()
    await serving
    return each


def main() -> None:
    """Print a line per measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--terms", type=int, default=1_000_000)
    given = parser.parse_args()
    terms = make_terms(given.terms)
    texts = [text[:2000] for text in make_texts(300_000, terms)]
    entries = [
        GlossaryEntry(term, f"訳{number}", id=str(number)) for number, term in enumerate(terms)
    ]
    before, started = resident(), time.process_time()
    glossary = OpenGlossary(entries, "ja")
    taken = time.process_time() - started
    print(f"glossary opened: {taken:.1f} CPU s with lint, {resident() - before:.0f} MB")
    started = time.process_time()
    used = sum(len(block_for(text, glossary, room=4000).used) for text in texts)
    each = (time.process_time() - started) / len(texts) * 1e3
    print(f"block: {each:.2f} ms CPU a text of 2 kB, {used / len(texts):.0f} entries in each")
    bare, full = asyncio.run(serve(texts, None)), asyncio.run(serve(texts, glossary))
    print(f"the glossary adds {full - bare:.2f} ms CPU to a request of 2 kB")


if __name__ == "__main__":
    main()
