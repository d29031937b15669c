"""An ASGI application behind limits, whose errors are one line of JSON. MLflow is not loaded here."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

SCORING = "/invocations"
MOST_CHARACTERS = 500
"""Of an error's message; MLflow puts the whole request into some of them."""
CODES = {503: "TEMPORARILY_UNAVAILABLE", 504: "DEADLINE_EXCEEDED", 413: "REQUEST_LIMIT_EXCEEDED"}


@dataclass(frozen=True)
class RequestLimits:
    """What one request, and all that are under way together, may ask for.

    Attributes:
        megabytes: of a request's body, each of 2^20 bytes.
        rows: of a request.
        at_once: requests under way; one more is told to come back.
    """

    megabytes: float = 16.0
    rows: int = 100_000
    at_once: int = 128

    @property
    def bytes(self) -> int:
        """Of a request's body."""
        return int(self.megabytes * 2**20)


class GuardedApp:
    """Hands requests to an application, unless they are beyond a limit; makes its errors JSON of one line.

    Args:
        app: an ASGI application.
        limits: of requests to `/invocations`; rows are the model's to count.
    """

    def __init__(self, app: Application, limits: RequestLimits) -> None:
        self._app, self._limits, self._under_way = app, limits, 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == SCORING and scope["method"] == "POST":
            await self._score(scope, receive, send)
        else:
            await self._app(scope, receive, _plain_errors(send))

    async def _score(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = {name.lower(): value for name, value in scope["headers"]}
        if self._under_way >= self._limits.at_once:
            await _refuse(send, 503, f"{self._under_way} requests are under way, the most this server takes: try again")
            return
        if not headers.get(b"content-type"):
            await _refuse(send, 415, "no Content-Type: application/json or text/csv is needed")
            return
        self._under_way += 1
        try:
            said = headers.get(b"content-length", b"0")
            body = None if said.isdigit() and int(said) > self._limits.bytes else await self._body(receive)
            if body is None:
                most = f"{self._limits.megabytes:g} MiB, the most this server takes"
                await _refuse(send, 413, f"the request is longer than {most}: send fewer rows at once")
                return
            await self._app(scope, _once(body, receive), _plain_errors(send))
        finally:
            self._under_way -= 1

    async def _body(self, receive: Receive) -> bytes | None:
        """The whole body; None where it is too long."""
        parts, length = [], 0
        while True:
            message = await receive()
            part = message.get("body", b"")
            length += len(part)
            if length > self._limits.bytes:
                return None
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)


def _once(body: bytes, receive: Receive) -> Receive:
    """Gives a body that was read already, then what else there is: that the client has gone."""
    waiting = [body]

    async def read() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return read


def _plain_errors(send: Send) -> Send:
    """Sends what comes; answers that are errors as JSON of one line."""
    status, parts = 200, list[bytes]()

    async def written(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            if status < 400:
                await send(message)
        elif status < 400:
            await send(message)
        else:
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                await _refuse(send, status, *_told(status, b"".join(parts)))

    return written


def _told(status: int, body: bytes) -> tuple[str, str]:
    """What an error says in one line, and its code."""
    text = body.decode(errors="replace")
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict) or "message" not in content:
        detail = content.get("detail") if isinstance(content, dict) else text
        return _line(str(detail)), ""
    return _line(str(content["message"])), str(content.get("error_code", ""))


def _line(text: str) -> str:
    line = (text.strip().splitlines() or [""])[0].partition(" IMPORTANT: The MLflow Model scoring protocol")[0]
    return line if len(line) <= MOST_CHARACTERS else f"{line[:MOST_CHARACTERS]}..."


async def _refuse(send: Send, status: int, message: str, code: str = "") -> None:
    """Sends an error."""
    code = code or CODES.get(status) or HTTPStatus(status).name
    content = json.dumps({"error_code": code, "message": message}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    if status == 503:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
