from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request

# Written down by the page itself, before any script of ours runs.
WITNESS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
window.tones = 0;
const make = BaseAudioContext.prototype.createOscillator;
BaseAudioContext.prototype.createOscillator = function () { window.tones += 1; return make.call(this); };
"""


class Visitor:
    """A browser of one's own at the dashboard, which notes whatever must not happen.

    Attributes:
        page: what it looks at.
        complaints: scripts that failed, things that could not be loaded, requests to anywhere else.
    """

    def __init__(self, browser: Browser, url: str, **options: object) -> None:
        """Come in; `options` are those of a browser context: locale, viewport, color_scheme …"""
        self.context: BrowserContext = browser.new_context(**{"locale": "en-GB", **options})  # type: ignore[arg-type]  # keywords of many types
        self.context.add_init_script(WITNESS)
        self.url = url
        self.complaints: list[str] = []
        self.page = self.open()

    def open(self, path: str = "/") -> Page:
        """Open another tab of the same browser."""
        page = self.context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", self._hear)
        page.on("pageerror", self._fail)
        page.on("request", self._watch)
        page.goto(self.url + path)
        return page

    def violations(self) -> list[str]:
        """What the content security policy had to stop."""
        found: list[str] = []
        for page in self.context.pages:
            found += page.evaluate("window.violations")
        return found

    def leave(self) -> None:
        """Close all tabs."""
        self.context.close()

    def shoot(self, path: Path) -> None:
        """Make a picture of what is in sight."""
        self.page.screenshot(path=path, animations="disabled")

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _fail(self, error: Error) -> None:
        self.complaints.append(str(error))

    def _watch(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:")):
            self.complaints.append(f"asked {urlsplit(request.url).netloc}")
