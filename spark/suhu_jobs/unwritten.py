import sqlite3
from dataclasses import dataclass, field


@dataclass(slots=True)
class Unwritten:
    """What the ledger knows and its database does not: bounded, and true as soon as there is anything in it."""

    intents: dict[str, bytes | None] | None = None  # all that there are: alert and resend key; None: as written
    marks: dict[tuple[str, int], int] = field(default_factory=dict)
    positions: dict[int, int] = field(default_factory=dict)
    resends: dict[bytes, None] = field(default_factory=dict)  # in the order in which they were printed

    def __bool__(self) -> bool:
        return bool(self.intents is not None or self.marks or self.positions or self.resends)

    def remember(self, key: bytes, limit: int) -> None:
        """Recognise resends of this, and forget the oldest beyond the limit."""
        self.resends[key] = None
        while len(self.resends) > limit:
            del self.resends[next(iter(self.resends))]

    def write(self, database: sqlite3.Connection, limit: int) -> None:
        """Write all of it in the transaction that is open."""
        if self.intents is not None:
            database.execute("DELETE FROM intents")
            database.executemany("INSERT INTO intents VALUES (?, ?)", self.intents.items())
        marks = [(*place, offset) for place, offset in self.marks.items()]
        database.executemany("REPLACE INTO marks VALUES (?, ?, ?)", marks)
        database.executemany("REPLACE INTO positions VALUES (?, ?)", self.positions.items())
        if self.resends:
            keys = [(key,) for key in self.resends]
            database.executemany("INSERT OR IGNORE INTO warned (resend_key) VALUES (?)", keys)
            database.execute("DELETE FROM warned WHERE number <= (SELECT max(number) FROM warned) - ?", (limit,))
