"""Print one line for every temperature above the threshold, once, within milliseconds.

    spark-submit --packages org.apache.spark:spark-sql-kafka-0-10_2.13:4.2.0 spark/alerts.py [options]
    python spark/alerts.py [options]

Kafka `sensor-suhu` -> Spark (Real-Time Mode) -> Kafka `sensor-suhu-alerts` -> this console. `--help` lists the options.
Warnings go to standard output, words about the job itself to standard error.
"""

import sys

from suhu_jobs.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
