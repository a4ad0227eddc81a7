"""In which language a page is, and its words: the catalogues are read as they are, nothing is compiled."""

import gettext
import json
from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable

from babel import negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

SOURCE = "en"  # the language of the templates
PLACE = "LC_MESSAGES/messages.po"

Forms = tuple[str, ...]  # one, or singular and plural


class Translations(gettext.NullTranslations):
    """The words of one language; what is not translated stays as it is."""

    def __init__(self, messages: Mapping[str, Forms]) -> None:
        super().__init__()
        self._messages = messages

    def gettext(self, message: str) -> str:
        """The message in this language."""
        return self._messages.get(message, (message,))[0]

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Singular or plural; of a language that has no plural, its only form."""
        forms = self._messages.get(msgid1, (msgid1, msgid2))
        return forms[0] if n == 1 else forms[-1]

    def as_json(self) -> str:
        """All messages for the page's scripts; safe within a `script` element."""
        told = {key: forms[0] if len(forms) == 1 else forms for key, forms in self._messages.items()}
        return json.dumps(told, ensure_ascii=False).replace("<", "\\u003c")


class Languages:
    """Those that there are."""

    def __init__(self, chosen: str = "auto", folder: Traversable | None = None) -> None:
        """Read every catalogue.

        Args:
            chosen: `auto`, or the one that everybody gets who does not ask for another.
            folder: where the catalogues are; None: in the package.
        """
        self._chosen = chosen
        self._catalogues: dict[str, Translations] = {SOURCE: Translations({})}
        for code, messages in _catalogues(folder or resources.files("dashboard") / "locale"):
            self._catalogues[code] = Translations(messages)

    @property
    def codes(self) -> tuple[str, ...]:
        """The languages, English first."""
        return SOURCE, *sorted(self._catalogues.keys() - {SOURCE})

    def translations(self, code: str) -> Translations:
        """The words of a language that there is."""
        return self._catalogues[code]

    def choose(self, asked: str | None, remembered: str | None, accepted: str) -> str:
        """Choose: what was asked for, else what was asked for last, else what the dashboard or the browser is set to.

        Args:
            asked: of `?lang=`.
            remembered: of the cookie.
            accepted: the header Accept-Language, whatever is in it.
        """
        for code in (asked, remembered, self._chosen):
            if code in self._catalogues:
                return code
        return negotiate_locale(_preferred(accepted), self.codes, sep="-") or SOURCE


def _catalogues(folder: Traversable) -> Iterator[tuple[str, dict[str, Forms]]]:
    for each in sorted(folder.iterdir(), key=lambda one: one.name) if folder.is_dir() else ():
        file = each / PLACE
        if not file.is_file():
            continue
        with file.open("rb") as opened:
            yield each.name, dict(_texts(read_po(opened, locale=each.name)))


def _texts(messages: Catalog) -> Iterator[tuple[str, Forms]]:
    for message in messages:
        ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
        told = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        if ids[0] and not message.fuzzy:
            yield ids[0], told if all(told) and told else ids


def _preferred(accepted: str) -> list[str]:
    """The languages of an Accept-Language header, the most wanted first; what makes no sense is left out."""
    found: list[tuple[float, str]] = []
    for part in accepted.split(",")[:20]:
        code, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight or 1)
        except ValueError:
            continue
        if code and code.replace("-", "").isalnum() and 0 < quality <= 1:
            found.append((quality, code))
    found.sort(key=lambda each: -each[0])
    return [code for _, code in found]
