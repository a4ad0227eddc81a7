"""Words for people and exit codes for programs; nothing of Spark or Kafka is imported before the options are right."""

import sys
from collections.abc import Sequence

from suhu_jobs.errors import JobError, Unavailable
from suhu_jobs.settings import parse_settings


def main(arguments: Sequence[str]) -> int:
    """Run the alert job until a signal ends it; return the exit code."""
    try:
        settings = parse_settings(arguments)
        try:
            from suhu_jobs import job
        except ModuleNotFoundError as exc:
            if exc.name is None or exc.name.startswith("suhu_jobs"):
                raise
            raise Unavailable(f"{exc.name} is not installed: pip install -r requirements-spark.txt") from exc
        return job.run(settings)
    except JobError as exc:
        print(f"alerts.py: {exc}", file=sys.stderr, flush=True)
        return exc.exit_code
