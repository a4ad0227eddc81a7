from importlib import resources
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from dashboard.language import Languages

LANGUAGE_COOKIE = "suhu_language"
LANGUAGE_AGE_S = 365 * 24 * 3600


class Pages:
    """The page itself, in the reader's language."""

    def __init__(self, languages: Languages, *, has_history: bool, has_gateways: bool, secure: bool) -> None:
        folder = Path(str(resources.files("dashboard") / "templates"))
        self._languages = languages
        self._context = {"languages": languages.codes, "has_history": has_history, "has_gateways": has_gateways}
        self._secure = secure
        self._environments: dict[str, Environment] = {}
        for code in languages.codes:
            environment = Environment(
                loader=FileSystemLoader(folder), autoescape=True, extensions=["jinja2.ext.i18n"], trim_blocks=True
            )
            environment.install_gettext_translations(languages.translations(code), newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
            self._environments[code] = environment

    def page(self, request: Request) -> Response:
        """GET /."""
        asked = request.query_params.get("lang")
        code = self._languages.choose(
            asked, request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", "")
        )
        text = self._environments[code].get_template("index.html").render(lang=code, **self._context)
        headers = {"cache-control": "no-cache", "vary": "accept-language, cookie", "content-language": code}
        response = HTMLResponse(text, headers=headers)
        if asked == code:
            response.set_cookie(
                LANGUAGE_COOKIE, code, LANGUAGE_AGE_S, httponly=True, samesite="strict", secure=self._secure
            )
        return response
