"""The catalogues have every word of the page, and no other."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import dashboard

HOME = Path(dashboard.__file__).parent
METHODS = [("templates/**.html", "jinja2"), ("static/**.js", "javascript")]
KEYWORDS = {"_": None, "say": None, "sayMany": (1, 2)}
_HOLE = re.compile(r"\{(\w+)\}")


def used() -> set[str | tuple[str, ...]]:
    found = extract_from_dir(HOME, METHODS, {"**": {"encoding": "utf-8"}}, keywords=KEYWORDS)
    return {message for _, _, message, _, _ in found}


def catalogue(code: str) -> Catalog:
    with (HOME / "locale" / code / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=code)


def entries(code: str) -> list[Message]:
    return [message for message in catalogue(code) if message.id]


def texts(value: str | tuple[str, ...] | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def test_the_page_has_words() -> None:
    assert {"Warnings and incidents", "{t} °C", ("{n} new warning", "{n} new warnings")} <= used()


@pytest.mark.parametrize("code", ["en", "id"])
def test_every_word_is_in_the_catalogue_and_none_that_is_not_used(code: str) -> None:
    assert {message.id for message in entries(code)} == used()


@pytest.mark.parametrize(("code", "forms"), [("en", 2), ("id", 1)])
def test_every_word_is_translated_in_each_form_and_keeps_its_placeholders(code: str, forms: int) -> None:
    for message in entries(code):
        told = texts(message.string)
        assert len(told) == (forms if message.pluralizable else 1)
        assert not message.fuzzy
        holes = {hole for text in texts(message.id) for hole in _HOLE.findall(text)}
        for text in told:
            assert text.strip()
            assert set(_HOLE.findall(text)) == holes


def test_indonesian_is_another_language() -> None:
    same = {message.id for message in entries("id") if message.id == message.string}
    assert same == {"Gateway", "Normal", "Sensor", "{t} °C"}
