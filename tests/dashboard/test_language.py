import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.language import Languages

INDONESIAN = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: nplurals=1; plural=0;\\n"

msgid "Machine"
msgstr "Mesin"

msgid "{n} warning"
msgid_plural "{n} warnings"
msgstr[0] "{n} peringatan"

msgid "not yet"
msgstr ""

#, fuzzy
msgid "guessed"
msgstr "terka"

msgid "</script>"
msgstr "</script>!"
"""


@pytest.fixture
def languages(tmp_path: Path) -> Languages:
    return made(tmp_path)


def made(folder: Path, chosen: str = "auto") -> Languages:
    place = folder / "id" / "LC_MESSAGES"
    place.mkdir(parents=True, exist_ok=True)
    (place / "messages.po").write_text(INDONESIAN, "utf-8")
    return Languages(chosen, folder)


def test_words(languages: Languages) -> None:
    found = languages.translations("id")
    assert found.gettext("Machine") == "Mesin"
    assert found.gettext("not yet") == "not yet"
    assert found.gettext("guessed") == "guessed"
    assert [found.ngettext("{n} warning", "{n} warnings", n) for n in (1, 2)] == ["{n} peringatan"] * 2
    english = languages.translations("en")
    assert [english.ngettext("{n} warning", "{n} warnings", n) for n in (1, 2)] == ["{n} warning", "{n} warnings"]


def test_words_for_scripts_cannot_end_the_element_they_stand_in(languages: Languages) -> None:
    text = languages.translations("id").as_json()
    assert "<" not in text
    told = json.loads(text)
    assert (told["Machine"], told["not yet"], told["</script>"]) == ("Mesin", "not yet", "</script>!")


@pytest.mark.parametrize(
    ("asked", "remembered", "accepted", "code"),
    [
        ("id", "en", "en", "id"),
        ("xx", "id", "en", "id"),
        (None, None, "id", "id"),
        (None, None, "id-ID,id;q=0.9,en;q=0.8", "id"),
        (None, None, "en-US,en;q=0.9,id;q=0.8", "en"),
        (None, None, "en;q=0.1, id;q=0.7", "id"),
        (None, None, "de, fr;q=0.9", "en"),
        (None, None, "", "en"),
        ("../../etc/passwd", "<script>", "*;q=x,,;q=9", "en"),
    ],
)
def test_the_language_is_chosen(
    languages: Languages, asked: str | None, remembered: str | None, accepted: str, code: str
) -> None:
    assert languages.choose(asked, remembered, accepted) == code


def test_a_language_may_be_fixed_for_who_does_not_ask(tmp_path: Path) -> None:
    fixed = made(tmp_path, "id")
    assert fixed.choose(None, None, "en") == "id"
    assert fixed.choose("en", None, "en") == "en"


@given(st.text(max_size=200))
def test_any_header_gives_a_language(accepted: str) -> None:
    assert Languages().choose(None, None, accepted) in Languages().codes
