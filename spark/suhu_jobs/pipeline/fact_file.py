import json
import os
from collections.abc import Mapping
from pathlib import Path

from suhu_jobs.errors import StorageError


class FactFile:
    """A few words about a query that outlive the process, in a file that is replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def facts(self) -> dict[str, str]:
        """What was put last; nothing when there is no file, or none that can be read."""
        try:
            found = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}

    def put_facts(self, facts: Mapping[str, str]) -> None:
        """Keep these, beside what is there under other names.

        Raises:
            StorageError: they cannot be written.
        """
        known = self.facts()
        wanted = {**known, **facts}
        if wanted == known:
            return
        new = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with new.open("w") as file:
                json.dump(wanted, file)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as exc:
            raise StorageError(
                f"cannot write {self._path} ({exc.strerror}): make room, or make the folder writable for this user"
            ) from exc
