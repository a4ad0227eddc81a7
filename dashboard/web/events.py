from collections.abc import Callable

from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse, SendTimeoutError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dashboard.hub import Hub, HubFull, Seat
from dashboard.web.answers import fault

PING_S = 2.0  # a page that hears nothing for three of them knows that it is cut off
SLOWEST_S = 20.0  # a browser that takes nothing for so long gives its place to another one
TRY_AGAIN_S = 10


class Stream(EventSourceResponse):
    """Server-sent events for one browser, on its seat."""

    def __init__(self, seat: Seat, now_ms: Callable[[], int]) -> None:
        super().__init__(
            seat.events(),
            ping=PING_S,
            ping_message_factory=lambda: ServerSentEvent(f'{{"now_ms":{now_ms()}}}', event="ping", sep="\n"),
            sep="\n",
            send_timeout=SLOWEST_S,
        )
        self._seat = seat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        with self._seat:
            try:
                await super().__call__(scope, receive, send)
            except (SendTimeoutError, OSError):
                return  # it takes nothing, or went away


def events(hub: Hub, request: Request) -> Response:
    """GET /events."""
    if request.method == "HEAD":
        return Response(media_type="text/event-stream")
    try:
        return Stream(hub.take_seat(), hub.now_ms)
    except HubFull as exc:
        return fault(503, str(exc), {"retry-after": str(TRY_AGAIN_S), "connection": "close"})
