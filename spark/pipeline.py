"""Judge, enrich, count and keep every reading: the topics beside `sensor-suhu`, and its history.

    spark-submit --packages org.apache.spark:spark-sql-kafka-0-10_2.13:4.2.0 spark/pipeline.py [options]
    python spark/pipeline.py [options]

Kafka `sensor-suhu` -> one query per output, each with its own checkpoint -> `sensor-suhu-rejected` and the others.
`--help` lists the options, docs/spark-pipeline.md says what each query does. Words about the job go to standard error.
"""

import sys

from suhu_jobs.cli import pipeline

if __name__ == "__main__":
    sys.exit(pipeline(sys.argv[1:]))
