import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from dashboard.errors import HistoryError

MEMORY = "256MB"
THREADS = 2
LONGEST_QUERY_S = 20.0


class Database:
    """DuckDB, held short: it reads this folder and nothing else, needs so much memory and no more, and ends in time."""

    def __init__(self, folder: Path) -> None:
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY,
            "threads": str(THREADS),
            "temp_directory": "",  # what does not fit is refused, not written to a disk that others need
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        self._connection = duckdb.connect(":memory:", config=config)
        place = str(folder).replace("'", "''")
        self._connection.execute(f"SET allowed_directories = ['{place}']")
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    @contextmanager
    def query(self, sql: str, parameters: dict[str, Any]) -> Iterator[duckdb.DuckDBPyConnection]:
        """Ask; the answer is fetched within the context.

        Raises:
            FileNotFoundError: a file has gone meanwhile.
            HistoryError: it takes too long or too much memory, or a file is damaged.
        """
        cursor = self._connection.cursor()
        limit = threading.Timer(LONGEST_QUERY_S, cursor.interrupt)
        limit.start()
        try:
            yield cursor.execute(sql, parameters)
        except duckdb.InterruptException as exc:
            raise HistoryError(503, "the question took too long: ask for a shorter time") from exc
        except duckdb.OutOfMemoryException as exc:
            raise HistoryError(503, "the question needs too much memory: ask for a shorter time") from exc
        except duckdb.IOException as exc:
            raise FileNotFoundError(str(exc)) from exc
        except duckdb.Error as exc:
            raise HistoryError(500, "a file of this day is damaged: make it anew, or take it away") from exc
        finally:
            limit.cancel()
            cursor.close()

    def close(self) -> None:
        """Give everything back."""
        self._connection.close()
