"""Words for people and exit codes for programs; nothing of Spark or Kafka is imported before the options are right."""

import sys
from collections.abc import Callable, Sequence

from suhu_jobs.errors import JobError, Unavailable
from suhu_jobs.pipeline.settings import parse_pipeline_settings
from suhu_jobs.report.settings import parse_report_settings
from suhu_jobs.settings import parse_settings


def main(arguments: Sequence[str], program: str = "alerts.py") -> int:
    """Run the alert job until a signal ends it; return the exit code."""

    def run() -> int:
        settings = parse_settings(arguments)
        from suhu_jobs import job

        return job.run(settings)

    return _told(program, run)


def pipeline(arguments: Sequence[str], program: str = "pipeline.py") -> int:
    """Run the pipeline until a signal ends it; return the exit code."""

    def run() -> int:
        settings = parse_pipeline_settings(arguments)
        from suhu_jobs.pipeline import job

        return job.run(settings)

    return _told(program, run)


def report(arguments: Sequence[str], program: str = "report.py") -> int:
    """Print a day's report; return the exit code."""

    def run() -> int:
        settings = parse_report_settings(arguments)
        from suhu_jobs.report import job

        return job.run(settings)

    return _told(program, run)


def _told(program: str, run: Callable[[], int]) -> int:
    try:
        return run()
    except ModuleNotFoundError as exc:
        if exc.name is None or exc.name.startswith("suhu_jobs"):
            raise
        missing = Unavailable(
            f'{exc.name} is not installed: pip install "suhu-gateway[spark]", in a checkout -r requirements-spark.txt'
        )
        print(f"{program}: {missing}", file=sys.stderr, flush=True)
        return missing.exit_code
    except JobError as exc:
        print(f"{program}: {exc}", file=sys.stderr, flush=True)
        return exc.exit_code
