"""Which records of the readings topic are readings: strictly those that contracts/sensor-suhu.schema.json describes.

`from_json` is too lenient to decide it: a number in quotes becomes null, of two objects the second vanishes, NaN is a
number. A variant is exact: it refuses what is not JSON, duplicate keys, NaN and lone surrogates, and its schema says of
every field, known or not, what it is. The one thing it overlooks is what stands after the end of the JSON.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - its name in all of PySpark's documentation

from suhu_jobs.schema import (
    ARRIVED_AT,
    CLOCK_UNSYNCED,
    DETAIL,
    EVENT_ID,
    EVENT_ID_PATTERN,
    MAX_SENSOR_ID_CHARS,
    MEASURED_AT,
    ORIGIN,
    ORIGIN_COLUMNS,
    RAW,
    RAW_BYTES,
    REASON,
    REPLAYED,
    RETAINED,
    SCHEMA_VERSION,
    SENSOR_ID,
    SOURCE,
    SOURCES,
    SUHU,
    SUPPRESSED,
    TRUNCATED,
)

MAX_VALUE_BYTES = 65_536  # thirty times the longest reading; bounds what one record can cost
ABSOLUTE_ZERO_CELSIUS = -273.15
HOTTEST_CELSIUS = 10_000
MAX_RAW_BYTES = 4096
MAX_DETAIL_CHARS = 500
FUTURE_TOLERANCE_S = 300
EPOCH = "1970-01-01T00:00:00Z"  # Kafka has no time before it, and the year 0 is none that Python could read
OLDEST_BELIEVABLE = "2000-01-01T00:00:00Z"  # no gateway is older: a clock that says less has not been set

KAFKA_COLUMNS = ("key", "value", *ORIGIN_COLUMNS, "timestamp")
ACCEPTED_COLUMNS = (
    *ORIGIN_COLUMNS,
    SENSOR_ID,
    SUHU,
    MEASURED_AT,
    SOURCE,
    EVENT_ID,
    REPLAYED,
    CLOCK_UNSYNCED,
    RETAINED,
)

_TEXT_FIELDS = (SENSOR_ID, MEASURED_AT, SOURCE, EVENT_ID)
_FLAGS = (CLOCK_UNSYNCED, REPLAYED, RETAINED)
_SCHEMA = ", ".join(
    [*(f"{name} STRING" for name in _TEXT_FIELDS), f"{SUHU} DOUBLE", *(f"{name} BOOLEAN" for name in _FLAGS)]
)
_NUMBER = r"(?:BIGINT|DECIMAL\(\d+,\d+\)|FLOAT|DOUBLE)"
_TYPES = dict.fromkeys(_TEXT_FIELDS, "STRING") | {SUHU: _NUMBER} | dict.fromkeys(_FLAGS, "BOOLEAN")
# A variant's schema has its fields in alphabetical order, and puts names that are no words in backticks.
_RECORD_V1 = (
    "^OBJECT<"
    + "".join(f"(?:{name}: BOOLEAN, )?" if name in _FLAGS else f"{name}: {_TYPES[name]}, " for name in sorted(_TYPES))
).removesuffix(", ") + ">$"
# One object without objects in it, and nothing after it. Possessive throughout: it takes one pass and no stack.
_ONE_FLAT_OBJECT = r'^[ \t\r\n]*+\{(?:[^"}]++|"(?:[^"\\]++|\\.)*+")*+\}[ \t\r\n]*+\z'
_NESTED = r"[:<] ?(?:OBJECT<|ARRAY<)"  # in the types of an object's fields
_CONTROL_CHARACTERS = r"[\x00-\x1f\x7f-\x9f]"
_RFC3339_MS = (
    r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z\z"
)


def judge(records: DataFrame, now: Column | None = None) -> DataFrame:
    """Tell readings from what is none, and read them; never raises, whatever the bytes.

    Args:
        records: columns key, value, topic, partition, offset, timestamp, as Spark's Kafka source gives them.
        now: the present; left out, the moment at which the batch began, which a batch that is run again still knows.

    Returns:
        The same rows, with `reason` (null: accepted), `detail` (for a person) and the columns of a reading; those of
        a rejected record may be null.
    """
    text = F.col("value").cast("string")
    # A parser puts a replacement character in the place of bytes that are not UTF-8, and says nothing.
    readable = (F.length("value") <= MAX_VALUE_BYTES) & F.is_valid_utf8(text)
    parsed = records.withColumn("variant", F.when(readable, F.try_parse_json(text)))
    typed = parsed.withColumn("types", F.schema_of_variant("variant"))
    is_one = F.coalesce(text.rlike(_ONE_FLAT_OBJECT), F.lit(False))
    is_record_v1 = F.coalesce(F.col("types").rlike(_RECORD_V1), F.lit(False)) & is_one
    shaped = typed.withColumn("reading", F.when(is_record_v1, F.from_json(text, _SCHEMA)))
    timed = shaped.select(
        "*", F.col("reading.*"), F.col(f"reading.{MEASURED_AT}").try_cast("timestamp").alias("moment")
    )
    wrong = F.when(F.col("reading").isNull(), _shape_fault(text, is_one)).otherwise(
        _value_fault(F.current_timestamp() if now is None else now)
    )
    moment = F.col("moment")
    unsynced = F.coalesce(F.col(CLOCK_UNSYNCED), F.lit(False)) | (moment < F.lit(OLDEST_BELIEVABLE).cast("timestamp"))
    return timed.withColumn("wrong", wrong).select(
        *KAFKA_COLUMNS,
        F.col("wrong.reason").alias(REASON),
        F.col("wrong.detail").alias(DETAIL),
        SENSOR_ID,
        SUHU,
        moment.alias(MEASURED_AT),
        SOURCE,
        EVENT_ID,
        F.coalesce(F.col(REPLAYED), F.lit(False)).alias(REPLAYED),
        unsynced.alias(CLOCK_UNSYNCED),
        F.coalesce(F.col(RETAINED), F.lit(False)).alias(RETAINED),
    )


def accepted(judged: DataFrame) -> DataFrame:
    """The readings, with where they stand in Kafka."""
    return judged.filter(F.col(REASON).isNull()).select(*ACCEPTED_COLUMNS)


def rejected(judged: DataFrame) -> DataFrame:
    """The records that are no readings, encoded for the topic of what was rejected."""
    origin = F.struct(*ORIGIN_COLUMNS)
    fields = {
        SCHEMA_VERSION: F.lit(1),
        ORIGIN: origin,
        REASON: F.col(REASON),
        DETAIL: F.left(F.col(DETAIL), F.lit(MAX_DETAIL_CHARS)),
        ARRIVED_AT: F.date_format("timestamp", "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"),
        RAW: F.coalesce(_base64(F.substring("value", 1, MAX_RAW_BYTES)), F.lit("")),
        RAW_BYTES: F.coalesce(F.length("value"), F.lit(0)),
        TRUNCATED: F.coalesce(F.length("value") > MAX_RAW_BYTES, F.lit(False)),
        SUPPRESSED: F.lit(0),
    }
    return judged.filter(F.col(REASON).isNotNull()).select(
        # A key may be as long as the largest record: with it the record of it would be too large for its topic.
        F.when(F.length("key") <= MAX_RAW_BYTES, F.col("key")).alias("key"),
        F.to_json(F.struct(*(column.alias(name) for name, column in fields.items()))).cast("binary").alias("value"),
    )


def _first(*faults: tuple[Column, str, str | Column]) -> Column:
    """The first fault whose condition is true, as a struct of reason and detail; else null."""
    chain: Column | None = None
    for condition, reason, detail in faults:
        words = F.lit(detail) if isinstance(detail, str) else detail
        fault = F.struct(F.lit(reason).alias("reason"), words.alias("detail"))
        chain = F.when(condition, fault) if chain is None else chain.when(condition, fault)
    return F.lit(None) if chain is None else chain


def _shape_fault(text: Column, is_one: Column) -> Column:
    """Why a record is not one JSON object with the fields of record v1."""
    size = F.coalesce(F.length("value"), F.lit(0))
    start = F.hex(F.substring("value", 1, 3))
    keys = F.json_object_keys(text)
    unknown = F.get(F.array_except(keys, F.array(*map(F.lit, _TYPES))), F.lit(0))
    types = F.col("types")
    not_json = types.isNull()
    return _first(
        (size == 0, "empty", "no value"),
        (
            size > MAX_VALUE_BYTES,
            "too_large",
            F.concat(size.cast("string"), F.lit(f" bytes; the limit is {MAX_VALUE_BYTES}")),
        ),
        (
            start.startswith("1F8B"),
            "compressed",
            "gzip: values are JSON text; compress with the producer's compression.type",
        ),
        (
            start.startswith("00") & (size > 5),
            "wire_format",
            "begins with a zero byte, as schema registries have it: values are plain JSON",
        ),
        (~F.is_valid_utf8(text), "not_text", "bytes that are not UTF-8"),
        (start == "EFBBBF", "bad_json", "begins with a byte order mark"),
        (text.rlike(r"^[ \t\r\n]*+\z"), "empty", "nothing but white space"),
        (not_json & (F.size(keys) > F.size(F.array_distinct(keys))), "duplicate_key", "a key is there twice"),
        (not_json, "bad_json", "not valid JSON, or nested deeper than 1000"),
        (~types.startswith("OBJECT<"), "not_a_reading", "JSON, but no object"),
        (~is_one & ~types.rlike(_NESTED), "bad_json", "not valid JSON: more after its end"),
        (F.array_contains(keys, "schema_version"), "other_version", "a field schema_version, which record v1 has not"),
        (
            unknown.isNotNull(),
            "unknown_field",
            F.concat(F.left(unknown, F.lit(40)), F.lit(" is no field of record v1")),
        ),
        (_type(SENSOR_ID).isNull(), "no_sensor_id", "sensor_id is missing or null"),
        (_type(SENSOR_ID) != "STRING", "bad_sensor_id", "sensor_id is no text"),
        (_type(SUHU).isNull(), "no_temperature", "suhu is missing or null"),
        (~_type(SUHU).rlike(f"^{_NUMBER}$"), "bad_number", "suhu is no number"),
        *(
            (F.coalesce(_type(name), F.lit("")) != "STRING", reason, f"{name} is missing or no text")
            for name, reason in ((MEASURED_AT, "bad_time"), (SOURCE, "bad_source"), (EVENT_ID, "bad_event_id"))
        ),
        (F.lit(True), "bad_flag", f"{', '.join(_FLAGS)}: true, or left out"),
    )


def _value_fault(now: Column) -> Column:
    """Why an object with the fields of record v1 is no reading; null: it is one."""
    sensor_id, moment = F.col(SENSOR_ID), F.col("moment")
    future = moment > now + F.expr(f"INTERVAL {FUTURE_TOLERANCE_S} SECONDS")
    return _first(
        (
            _unless(F.length(sensor_id).between(1, MAX_SENSOR_ID_CHARS) & ~sensor_id.rlike(_CONTROL_CHARACTERS)),
            "bad_sensor_id",
            f"a sensor id has 1 to {MAX_SENSOR_ID_CHARS} characters, and no control characters",
        ),
        # NaN, which Spark holds to be above everything, is not between them either.
        (
            _unless(F.col(SUHU).between(ABSOLUTE_ZERO_CELSIUS, HOTTEST_CELSIUS)),
            "out_of_range",
            f"suhu is outside of {ABSOLUTE_ZERO_CELSIUS} to {HOTTEST_CELSIUS} °C",
        ),
        (
            _unless(F.col(f"reading.{MEASURED_AT}").rlike(_RFC3339_MS) & (moment >= F.lit(EPOCH).cast("timestamp"))),
            "bad_time",
            "measured_at is no UTC time since 1970 with milliseconds and Z, as in 2026-11-22T03:04:05.678Z",
        ),
        (_unless(~future), "future_time", f"measured_at is more than {FUTURE_TOLERANCE_S // 60} minutes ahead"),
        (_unless(F.col(SOURCE).isin(*SOURCES)), "bad_source", f"source is none of {', '.join(SOURCES)}"),
        (
            _unless(F.col(EVENT_ID).rlike(rf"^{EVENT_ID_PATTERN}\z")),
            "bad_event_id",
            "event_id is not gateway/journal/sequence",
        ),
        *((F.col(flag) == F.lit(False), "bad_flag", f"{flag} is true, or left out") for flag in _FLAGS),
        (
            F.col("key").isNull(),
            "no_key",
            "no key: it is to be the sensor_id, which keeps a sensor's readings in order",
        ),
        (_unless(F.col("key") == sensor_id.cast("binary")), "wrong_key", "the key is not the sensor_id"),
    )


def _unless(condition: Column) -> Column:
    """True where the condition is false or null."""
    return ~F.coalesce(condition, F.lit(False))


def _type(field: str) -> Column:
    """What a field of the variant is; null where it is missing or null."""
    found = F.schema_of_variant(F.try_variant_get("variant", f"$.{field}", "variant"))
    return F.when(found != "VOID", found)


def _base64(raw: Column) -> Column:
    return F.translate(F.base64(raw), "\r\n", "")  # Spark breaks it into lines, as mails have it
