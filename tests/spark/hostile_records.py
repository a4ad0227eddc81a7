"""Three hundred and more records that are no readings, each with the reason why; and some that are."""

import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).resolve().parents[2] / "contracts" / "golden"
VALID: dict[str, Any] = {
    "sensor_id": "S1",
    "suhu": 83.4,
    "measured_at": "2026-11-22T03:04:05.678Z",
    "source": "serial",
    "event_id": "pabrik-1/k3v9/1042",
}
KEY = b"S1"

GOLDEN_REASONS = {
    "no sensor_id": "no_sensor_id",
    "empty sensor_id": "bad_sensor_id",
    "suhu is text": "bad_number",
    "suhu is null": "no_temperature",
    "suhu is a boolean": "bad_number",
    "below absolute zero": "out_of_range",
    "no event_id": "bad_event_id",
    "sequence zero": "bad_event_id",
    "event_id without journal": "bad_event_id",
    "unknown source": "bad_source",
    "local time": "bad_time",
    "no milliseconds": "bad_time",
    "unknown field": "unknown_field",
    "not an object": "not_a_reading",
    "replayed is false": "bad_flag",
    "retained is text": "bad_flag",
    "a control character in sensor_id": "bad_sensor_id",
}

# A field of an otherwise valid record, as JSON writes it, and why the record is rejected. "": the field is left out.
FIELDS: list[tuple[str, str, str]] = [
    *(("suhu", text, "bad_number") for text in ('"83.4"', '"NaN"', '"Infinity"', '"+INF"', '""', "true", "false")),
    *(("suhu", text, "bad_number") for text in ("[]", "[99]", "{}", '{"a":99}', '["83.4"]', "[" * 900 + "]" * 900)),
    *(("suhu", text, "no_temperature") for text in ("null", "")),
    *(("suhu", text, "bad_json") for text in ("NaN", "-NaN", "Infinity", "-Infinity", "+5", ".5", "5.", "01", "0x10")),
    *(("suhu", text, "bad_json") for text in ("1_000", "83,4", "--5", "1e", "9" * 2000, "83.4°", "None", "'83.4'")),
    *(("suhu", text, "out_of_range") for text in ("-273.16", "10000.0001", "1e999", "-1e999", "1e300", "9" * 30)),
    *(("suhu", text, "out_of_range") for text in ("-1e300", "9" * 19, "9223372036854775808", "10001", "-274")),
    *(("measured_at", text, "bad_time") for text in ("1795316645", "1795316645678", "1795316645678000", "null", "")),
    *(("measured_at", text, "bad_time") for text in ("1795316645678000000", "1795316645.678", "45983.1", "true", "[]")),
    *(("measured_at", f'"{text}"', "bad_time") for text in ("1795316645", "1795316645678", "now", "", "0")),
    *(
        ("measured_at", f'"{text}"', "bad_time")
        for text in (
            "2026-11-22T03:04:05Z",
            "2026-11-22T03:04:05.678",
            "2026-11-22T03:04:05.678901Z",
            "2026-11-22T10:04:05.678+07:00",
            "2026-11-22T03:04:05.678z",
            "2026-11-22 03:04:05.678Z",
            "2026-02-30T03:04:05.678Z",
            "2026-13-01T03:04:05.678Z",
            "2026-11-22T24:00:00.000Z",
            "2026-11-22T03:04:60.000Z",
            "22/11/2026 03:04:05",
            "26-11-22T03:04:05.678Z",
            "+12026-11-22T03:04:05.678Z",
            "2026-11-22T03:04:05.678Z\\n",
            " 2026-11-22T03:04:05.678Z",
            "２０２６-11-22T03:04:05.678Z",
            "1969-12-31T23:59:59.999Z",
            "0001-01-01T00:00:00.000Z",
            "0000-01-01T00:00:00.000Z",
        )
    ),
    *(("measured_at", f'"{year}-01-01T00:00:00.000Z"', "future_time") for year in (2093, 2554, 3000, 9999)),
    *(("sensor_id", text, "no_sensor_id") for text in ("null", "")),
    *(("sensor_id", text, "bad_sensor_id") for text in ('""', "7", "true", '["S1"]', '{"id":"S1"}', f'"{"°" * 129}"')),
    *(
        ("sensor_id", text, "bad_sensor_id")
        for text in ('"S\\u0007"', '"\\u0000"', '"S\\n1"', '"\\u009b31mS"', '"\\u007f"')
    ),
    *(("sensor_id", text, "bad_json") for text in ('"\\ud800"', '"S\\udc00\\ud800"', '"a\x01b"', '"a\tb"', '"\\x41"')),
    *(("source", text, "bad_source") for text in ('"guess"', '"SERIAL"', '""', "null", "1", "", '"serial "', "[]")),
    *(("event_id", text, "bad_event_id") for text in ("null", "", "1042", '""', '"1042"', '"a/b/1"', '"a/k3v9/0"')),
    *(("event_id", text, "bad_event_id") for text in ('"a/k3v9/01"', '"a/k3v9/-1"', '"a/k3v9/1\\n"', '"/k3v9/1"')),
    *(
        ("event_id", text, "bad_event_id")
        for text in ('"a/K3V9/1"', '"a/k3v9/1/1"', f'"a/k3v9/{"9" * 20}"', '"é/k3v9/1"')
    ),
    *((flag, "false", "bad_flag") for flag in ("replayed", "retained", "clock_unsynced")),
    *((flag, "null", "bad_flag") for flag in ("replayed", "retained", "clock_unsynced")),
    *((flag, '"true"', "bad_flag") for flag in ("replayed", "retained", "clock_unsynced")),
    *((flag, "1", "bad_flag") for flag in ("replayed", "retained", "clock_unsynced")),
    *(("schema_version", text, "other_version") for text in ("1", "2", '"2"', "null", "[]")),
    *((name, "1", "unknown_field") for name in ("SUHU", "celsius", "Suhu", "x", "", "a b", "suhu ", "$.suhu", "a`b")),
    ("replayed: BOOLEAN, retained", "true", "unknown_field"),  # as a variant's schema would spell two known fields
    ("deep", "[" * 900 + "]" * 900, "unknown_field"),
    ("deep", "[" * 10_000 + "]" * 10_000, "bad_json"),
    ("deep", '{"a":' * 10_000 + "1" + "}" * 10_000, "bad_json"),
]

# Whole values.
VALUES: list[tuple[bytes | None, str]] = [
    *((value, "empty") for value in (None, b"", b" ", b"\n", b"\t \r\n", b" " * 5000)),
    *(
        (value, "not_a_reading")
        for value in (b"null", b"true", b"83.4", b'"S1"', b"[]", b'["S1",83.4]', b"-0", b" [1] ")
    ),
    *(
        (value, "bad_json")
        for value in (b"{", b"}", b"not json at all", b"S1 83.4", b"S1;83,4", b"<suhu>83.4</suhu>", b"\\")
    ),
    *(
        (value, "bad_json")
        for value in (b"suhu=83.4", b"{'suhu':83.4}", b"{suhu:83.4}", b'{"suhu":83.4,}', b"//\n{}", b"{},{}")
    ),
    *(
        (value, "bad_json")
        for value in (b"[" * 10_000, b'{"a":' * 10_000, b"[" * 10_000 + b"]" * 10_000, b'{"a":1}\x00')
    ),
    *((value, "bad_json") for value in ('\u00a0{"a":1}'.encode(), '{"a":1}\u2028'.encode(), b"\x0c{}", b"A\x00B")),
    *((value, "no_sensor_id") for value in (b"{}", b" { } ", b'{"suhu":83.4}')),
    *((value, "not_text") for value in (b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xc0\xaf")),
    (b"x" * 65_537, "too_large"),
    (b"x" * 900_000, "too_large"),
    (b'{"a":"' + b"x" * 10_000_000 + b'"}', "too_large"),
    (b"\x00", "bad_json"),
    (b"\x00" * 64, "wire_format"),
]


@dataclass(frozen=True, slots=True)
class Sent:
    """A record and what is to become of it."""

    key: bytes | None
    value: bytes | None
    reason: str | None  # None: it is a reading


def hostile_records(seed: int) -> list[Sent]:
    """At least 300 records that are no readings, no two of them alike."""
    found = [Sent(KEY, value, reason) for value, reason in VALUES]
    found += [Sent(KEY, with_field(name, text), reason) for name, text, reason in FIELDS]
    found += _golden()
    found += _wrapped()
    found += _keys()
    found += _random(random.Random(seed))
    distinct = {(record.key, record.value): record for record in found}
    return list(distinct.values())


def valid_records() -> list[Sent]:
    """Readings, among them such as no gateway writes, but the contract allows."""
    found = [line.encode() for line in (GOLDEN / "sensor-suhu.valid.jsonl").read_text().splitlines()]
    found += [
        b" \n{ %s }\r\n" % with_field("suhu", "-273.15")[1:-1],
        with_field("suhu", "1e4"),
        with_field("suhu", "8.34E+1"),
        with_field("suhu", "-0"),
        with_field("suhu", "0." + "1" * 60),
        with_field("sensor_id", '"\\u0053\\u0031"'),
        with_field("sensor_id", f'"{"°" * 128}"'),
        with_field("sensor_id", '"}{\\"\\\\"'),
        with_field("sensor_id", '"\\ud83d\\ude00"'),
        with_field("measured_at", '"1970-01-01T00:00:00.000Z"'),
    ]
    return [Sent(json.loads(value)["sensor_id"].encode(), value, None) for value in found]


def with_field(name: str, text: str) -> bytes:
    """A valid record with this JSON in the place of a field, or beside those that it has; "" leaves the field out."""
    fields = {known: json.dumps(value) for known, value in VALID.items()} | {name: text}
    return ("{" + ",".join(f"{json.dumps(key)}:{value}" for key, value in fields.items() if value) + "}").encode()


def _golden() -> Iterator[Sent]:
    for line in (GOLDEN / "sensor-suhu.invalid.jsonl").read_text().splitlines():
        case = json.loads(line)
        yield Sent(KEY, json.dumps(case["record"]).encode(), GOLDEN_REASONS[case["why"]])


def _wrapped() -> Iterator[Sent]:
    """What other programs put around a record."""
    text = json.dumps(VALID)
    plain = text.encode()
    for between in ("", " ", "\n", ",", "\x1e", ";"):
        yield Sent(KEY, f"{text}{between}{text}".encode(), "bad_json")
    for after in (b"x", b"}", b"]", b"\x00", b"null", b" 1", b"\n#"):
        yield Sent(KEY, plain + after, "bad_json")
    for name, value in VALID.items():
        again = f',"{name}":{json.dumps(value)}}}'
        yield Sent(KEY, text[:-1].encode() + again.encode(), "duplicate_key")
        escaped = f',"\\u{ord(name[0]):04x}{name[1:]}":{json.dumps(value)}}}'
        yield Sent(KEY, text[:-1].encode() + escaped.encode(), "duplicate_key")
    yield Sent(KEY, b"\xef\xbb\xbf" + plain, "bad_json")
    yield Sent(KEY, text.encode("utf-16"), "not_text")
    yield Sent(KEY, b"\xfe\xff" + text.encode("utf-16-be"), "not_text")
    yield Sent(KEY, text.encode("utf-16-le"), "bad_json")
    yield Sent(KEY, text.encode("utf-16-be"), "wire_format")
    yield Sent(KEY, text.encode("utf-32"), "not_text")
    yield Sent(KEY, json.dumps(text).encode(), "not_a_reading")
    yield Sent(KEY, f"[{text}]".encode(), "not_a_reading")
    yield Sent(KEY, f'{{"payload":{text}}}'.encode(), "unknown_field")
    for level in range(1, 10):
        yield Sent(KEY, gzip.compress(plain, level, mtime=level), "compressed")


def _keys() -> Iterator[Sent]:
    """Valid values under keys that are not their sensor_id."""
    value = json.dumps(VALID).encode()
    yield Sent(None, value, "no_key")
    for key in (b"", b"s1", b"S1 ", b"S2", b"\xff", b"\x00\x00\x00\x00\x01S1", b'"S1"', b"S1" * 4000):
        yield Sent(key, value, "wrong_key")


def _random(chance: random.Random) -> Iterator[Sent]:
    """As many as it takes of what is wrong in one of many ways."""
    plain = json.dumps(VALID).encode()
    for cut in chance.sample(range(1, len(plain)), 40):
        yield Sent(KEY, plain[:cut], "bad_json")
    for _ in range(15):
        yield Sent(KEY, b"\x00" + chance.randbytes(4) + plain, "wire_format")
        yield Sent(KEY, b"\xff" + chance.randbytes(chance.randint(1, 300)), "not_text")
        at = chance.randrange(plain.index(b"pabrik"), len(plain) - 2)
        yield Sent(KEY, plain[:at] + chance.choice([b"\xff", b"\xc0", b"\xe2\x82"]) + plain[at:], "not_text")
        yield Sent(KEY, with_field("suhu", json.dumps(str(chance.uniform(-50, 150)))), "bad_number")
        yield Sent(KEY, with_field("suhu", repr(chance.uniform(10_000.1, 1e6))), "out_of_range")
        yield Sent(KEY, with_field("suhu", repr(-chance.uniform(273.2, 1e6))), "out_of_range")
        yield Sent(KEY, with_field("measured_at", str(chance.randrange(10**9, 10**19))), "bad_time")
        yield Sent(KEY, with_field(f"x{chance.randrange(10**6)}", repr(chance.random())), "unknown_field")
