from importlib import resources
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from dashboard.language import Languages

LANGUAGE_COOKIE = "lang"  # the page writes it


class Pages:
    """The page itself, in the reader's language."""

    def __init__(self, languages: Languages, *, has_history: bool, has_gateways: bool) -> None:
        folder = Path(str(resources.files("dashboard") / "templates"))
        self._languages = languages
        self._context = {"languages": languages.codes, "has_history": has_history, "has_gateways": has_gateways}
        self._environments: dict[str, Environment] = {}
        for code in languages.codes:
            environment = Environment(
                loader=FileSystemLoader(folder), autoescape=True, extensions=["jinja2.ext.i18n"], trim_blocks=True
            )
            environment.install_gettext_translations(languages.translations(code), newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
            self._environments[code] = environment

    def page(self, request: Request) -> Response:
        """GET /."""
        code = self._languages.choose(
            request.query_params.get("lang"),
            request.cookies.get(LANGUAGE_COOKIE),
            request.headers.get("accept-language", ""),
        )
        words = self._languages.translations(code).as_json()
        text = self._environments[code].get_template("page.html").render(lang=code, words=words, **self._context)
        headers = {"cache-control": "no-cache", "vary": "accept-language, cookie", "content-language": code}
        return HTMLResponse(text, headers=headers)
