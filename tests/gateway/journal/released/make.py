"""`python -m tests.gateway.journal.released.make FOLDER`: write the journal that a gateway of today leaves behind.

Run once for each schema, with the code that was released, and kept as schema-N.db: five readings of which Kafka has
the first two, one in quarantine, one held.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from gateway.journal import Append, Delivered, Hold, Journal, Quarantine
from gateway.journal.database import SCHEMA_VERSION
from gateway.model import Reading, Record

MOMENT = datetime(2026, 11, 22, 3, 4, 5, 678_000, UTC)


def make(folder: Path) -> None:
    """Write `schema-N.db` into the folder, N being today's schema."""
    path = folder / f"schema-{SCHEMA_VERSION}.db"
    journal = Journal(path, "pabrik-1", 1 << 20)
    journal.apply([Append(Reading(f"S{number % 2 + 1}", 70.0 + number, MOMENT, "serial")) for number in range(5)])
    refused = Record(2, b"S2", b'{"sensor_id": "S2"}', 1_795_316_645_678)
    journal.apply([Delivered(2, journal.name), Quarantine(refused, "too large")])
    journal.apply([Hold(Reading("S3", 90.5, MOMENT, "mqtt", clock_unsynced=True))])
    journal.close()
    for beside in (".lock", ".mark", ".ballast"):
        path.with_name(path.name + beside).unlink(missing_ok=True)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
