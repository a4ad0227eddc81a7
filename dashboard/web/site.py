"""Which path is answered by what."""

from collections.abc import Callable
from importlib import resources
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from dashboard.hub import Hub
from dashboard.measures import CONTENT_TYPE, Measures, rendered
from dashboard.plant.moment import Moment
from dashboard.plant.plant import Plant
from dashboard.web.answers import fault, fresh
from dashboard.web.events import events
from dashboard.web.history import HistoryPages
from dashboard.web.pages import Pages
from dashboard.web.vendor import vendor_files


def site(
    pages: Pages,
    hub: Hub,
    plant: Plant,
    history: HistoryPages | None,
    now: Callable[[], Moment],
    measure: Callable[[], Measures],
) -> Starlette:
    """The application, without what stands before it (guard.py)."""
    vendor = vendor_files()

    async def page(request: Request) -> Response:
        return pages.page(request)

    async def stream(request: Request) -> Response:
        return events(hub, request)

    async def recent(request: Request) -> Response:
        found = plant.recent(request.path_params["sensor_id"], now())
        if found is None:
            return fault(404, "no such sensor has been heard of: see the page for those that have")
        times_ms, celsius = found
        return fresh({"t": [at_ms / 1000 for at_ms in times_ms], "celsius": celsius})

    async def library(request: Request) -> Response:
        file = vendor.get(request.path_params["name"])
        if file is None:
            return fault(404, "there is no such file")
        return FileResponse(file, headers={"cache-control": "no-cache"})

    async def health(_: Request) -> Response:
        return PlainTextResponse("ok\n", headers={"cache-control": "no-store"})

    async def measures(_: Request) -> Response:
        return Response(rendered(measure()), headers={"cache-control": "no-store", "content-type": CONTENT_TYPE})

    folder = Path(str(resources.files("dashboard") / "static"))
    return Starlette(
        routes=[
            Route("/", page),
            Route("/events", stream),
            Route("/api/recent/{sensor_id:path}", recent),
            Route("/vendor/{name}", library),
            Route("/healthz", health),
            Route("/metrics", measures),
            *_history_routes(history),
            Mount("/static", StaticFiles(directory=folder)),
        ],
        exception_handlers={HTTPException: _told, Exception: _failed},
    )


def _history_routes(history: HistoryPages | None) -> list[Route]:
    if history is None:
        paths = ("/api/history", "/api/history.csv", "/api/history/days", "/api/history/sensors")
        return [Route(path, _no_history) for path in paths]
    return [
        Route("/api/history", history.series),
        Route("/api/history.csv", history.table),
        Route("/api/history/days", history.days),
        Route("/api/history/sensors", history.sensors),
    ]


async def _no_history(_: Request) -> Response:
    return fault(404, "no history is kept here: start the dashboard with --history and the pipeline's folder")


async def _told(_: Request, exc: Exception) -> Response:
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    return fault(status, "there is nothing here" if status == 404 else "this cannot be answered")


async def _failed(_: Request, exc: Exception) -> Response:
    return fault(500, f"the dashboard could not answer ({type(exc).__name__}): its log says more")
