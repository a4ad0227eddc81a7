"""The wire names of readings and alerts (contracts/), spelled here and nowhere else in this deliverable."""

SENSOR_ID = "sensor_id"
SUHU = "suhu"  # °C; the rest of the code says celsius
MEASURED_AT = "measured_at"
SOURCE = "source"
EVENT_ID = "event_id"
RETAINED = "retained"
ALERT_ID = "alert_id"
THRESHOLD = "threshold_celsius"

# Text fields stay text: a bad timestamp must not cost a warning.
READING_COLUMNS = (SENSOR_ID, SUHU, MEASURED_AT, SOURCE, EVENT_ID)
READING_SCHEMA = (
    f"{SENSOR_ID} STRING, {SUHU} DOUBLE, {MEASURED_AT} STRING, {SOURCE} STRING, {EVENT_ID} STRING, {RETAINED} STRING"
)
ALERT_COLUMNS = (ALERT_ID, SENSOR_ID, SUHU, THRESHOLD, MEASURED_AT, SOURCE, EVENT_ID)

# What the gateway says of a reading besides; each is true or absent.
CLOCK_UNSYNCED = "clock_unsynced"
REPLAYED = "replayed"

# A record on the topic of what was rejected.
SCHEMA_VERSION = "schema_version"
ORIGIN = "origin"
REASON = "reason"
DETAIL = "detail"
ARRIVED_AT = "arrived_at"
RAW = "raw"
RAW_BYTES = "raw_bytes"
TRUNCATED = "truncated"
SUPPRESSED = "suppressed"

# What Kafka knows of the record a reading came in.
ORIGIN_COLUMNS = ("topic", "partition", "offset")

SOURCES = ("serial", "mqtt", "csv", "http", "simulator")
MAX_SENSOR_ID_CHARS = 128
MAX_TEXT_CHARS = 256  # longer than any valid value of the optional fields

# gateway/journal/sequence. Only an event_id of this form is trusted to recognise a resend.
EVENT_ID_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}/[a-z0-9]{4,16}/[1-9][0-9]{0,18}"
TOPIC_PATTERN = r"[A-Za-z0-9._-]{1,249}"

# Enriched readings: what is known of a reading beside what it says.
READING_ID = "reading_id"  # topic/partition/offset, as everywhere where a reading is referred to
FAHRENHEIT = "fahrenheit"
MACHINE = "machine"
LEVEL = "level"
WARNING_ABOVE = "warning_above_celsius"
CRITICAL_ABOVE = "critical_above_celsius"
RATE = "rate_celsius_per_min"
ENRICHED_COLUMNS = (
    *(READING_ID, SENSOR_ID, SUHU, FAHRENHEIT, MEASURED_AT, SOURCE, EVENT_ID, REPLAYED, CLOCK_UNSYNCED),
    *(MACHINE, LEVEL, WARNING_ABOVE, CRITICAL_ABOVE, RATE),
)

# Incidents: a beginning, perhaps the minutes in between, and an end.
RECORD_ID = "record_id"
INCIDENT_ID = "incident_id"
KIND = "kind"
PHASE = "phase"
AT = "at"
BEGAN_AT = "began_at"
DURATION_S = "duration_s"
PEAK = "peak_celsius"
PEAK_RATE = "peak_rate_celsius_per_min"
INCIDENT_COLUMNS = (
    *(RECORD_ID, INCIDENT_ID, KIND, PHASE, SENSOR_ID, AT, BEGAN_AT, DURATION_S, SUHU, PEAK, PEAK_RATE),
    *(READING_ID, REPLAYED, CLOCK_UNSYNCED),
)

# Statistics of one sensor in one window.
STAT_ID = "stat_id"
WINDOW_START = "window_start"
WINDOW_S = "window_s"
FINAL = "final"
REVISION = "revision"
COUNT = "count"
MIN = "min"  # °C, like the next three
MAX = "max"
MEAN = "mean"
LAST = "last"
SHARE_ABOVE = "share_above"
FIRST_MEASURED_AT = "first_measured_at"
LAST_MEASURED_AT = "last_measured_at"
SETBACKS = "setbacks"
STAT_COLUMNS = (
    STAT_ID,
    SENSOR_ID,
    WINDOW_START,
    WINDOW_S,
    FINAL,
    REVISION,
    COUNT,
    MIN,
    MAX,
    MEAN,
    LAST,
    SHARE_ABOVE,
    THRESHOLD,
    FIRST_MEASURED_AT,
    LAST_MEASURED_AT,
    SOURCE,
    SETBACKS,
)

# The history's Parquet files (contracts/history.md).
DAY = "day"  # of the directory, not in the file: YYYY-MM-DD of measured_at, in UTC
HISTORY_SCHEMA = (
    f"{SENSOR_ID} STRING, {SUHU} DOUBLE, {MEASURED_AT} TIMESTAMP, {SOURCE} STRING, {EVENT_ID} STRING, "
    f"{REPLAYED} BOOLEAN, {CLOCK_UNSYNCED} BOOLEAN, {RETAINED} BOOLEAN, topic STRING, partition INT, offset LONG"
)
HISTORY_COLUMNS = tuple(field.split()[0] for field in HISTORY_SCHEMA.split(", "))
HISTORY_ORDER = (SENSOR_ID, MEASURED_AT, "topic", "partition", "offset")
