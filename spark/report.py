"""What each machine did on a day: a table on this console, and a picture if asked for one.

    spark-submit spark/report.py --day 2026-11-22 [--plot day.png] [options]
    python spark/report.py --day 2026-11-22 [--plot day.png] [options]

Reads the history that `pipeline.py` writes, also while it is writing. `--help` lists the options.
"""

import sys

from suhu_jobs.cli import report

if __name__ == "__main__":
    sys.exit(report(sys.argv[1:]))
