from typing import Any

from starlette.responses import JSONResponse

NO_STORE = {"cache-control": "no-store"}


def fault(status: int, words: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """An error, with cause and remedy."""
    return JSONResponse({"error": words}, status, headers=NO_STORE | (headers or {}))


def fresh(content: Any) -> JSONResponse:
    """What nobody shall keep."""
    return JSONResponse(content, headers=NO_STORE)
