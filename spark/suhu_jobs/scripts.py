"""The commands that the wheel's extra `spark` makes; a checkout has alerts.py, pipeline.py and report.py instead."""

import sys

from suhu_jobs import cli


def alerts() -> int:
    """`suhu-alerts`."""
    return cli.main(sys.argv[1:], "suhu-alerts")


def pipeline() -> int:
    """`suhu-pipeline`."""
    return cli.pipeline(sys.argv[1:], "suhu-pipeline")


def report() -> int:
    """`suhu-report`."""
    return cli.report(sys.argv[1:], "suhu-report")
