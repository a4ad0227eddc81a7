"""The only file with readStream, writeStream and checkpoints."""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery
from pyspark.sql.streaming.readwriter import DataStreamWriter

from suhu_jobs import transforms
from suhu_jobs.events import EventLog
from suhu_jobs.pipeline.judging import judge
from suhu_jobs.pipeline.queries import QUERIES
from suhu_jobs.pipeline.settings import PipelineSettings
from suhu_jobs.placement import Start
from suhu_jobs.producer import PRODUCER_OPTIONS
from suhu_jobs.settings import AlertSettings, Mode

REAL_TIME_BATCH = "5 minutes"  # how much a restart replays at most; the replays are recognised
MICRO_BATCH_INTERVAL = "100 milliseconds"


def read_records(
    spark: SparkSession, settings: AlertSettings | PipelineSettings, starting_offsets: str, **options: str | int
) -> DataFrame:
    """Kafka records of the readings topic: key, value, topic, partition, offset, timestamp."""
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", settings.bootstrap_servers)
        .option("subscribe", settings.topic)
        .option("startingOffsets", starting_offsets)
        .options(**settings.kafka.for_spark())
        .options(**{"failOnDataLoss": "true", **options})  # Placement steps over what is gone, and says so
        .load()
    )


def start_query(
    spark: SparkSession, settings: PipelineSettings, name: str, location: str, start: Start, log: EventLog
) -> StreamingQuery:
    """Start one query of the pipeline with its checkpoint at `location`."""
    query = QUERIES[name]
    records = read_records(
        spark,
        settings,
        start.starting_offsets,
        maxOffsetsPerTrigger=settings.max_offsets_per_trigger,
        failOnDataLoss="false" if start.steps_over_gap else "true",
    )
    writer = (
        query.build(judge(records), settings)
        .writeStream.queryName(name)
        .outputMode("append")
        .option("checkpointLocation", location)
        .trigger(processingTime=f"{settings.trigger_s} seconds")
    )
    if query.sink is not None:
        return writer.foreachBatch(query.sink(settings, log)).start()
    return (
        writer.format("kafka")
        .option("kafka.bootstrap.servers", settings.bootstrap_servers)
        .option("topic", settings.output_topic(name))
        .options(**PRODUCER_OPTIONS, **settings.kafka.for_spark())
        .start()
    )


def start_alerts(spark: SparkSession, settings: AlertSettings, location: str, starting_offsets: str) -> StreamingQuery:
    """Start the query readings -> alerts topic with its checkpoint at `location`.

    Args:
        spark: the session.
        settings: topics, threshold and mode.
        location: URL or path of the checkpoint.
        starting_offsets: where to begin without a checkpoint: earliest, latest, or Spark's JSON of offsets.
    """
    records = read_records(spark, settings, starting_offsets)
    readings = transforms.parse_readings(transforms.leave_out_cold(records, settings.threshold_celsius))
    hot = transforms.hotter_than(readings, settings.threshold_celsius)
    alerts = transforms.as_kafka_records(transforms.as_alerts(hot, settings.threshold_celsius))
    writer = (
        alerts.writeStream.format("kafka")
        .queryName("alerts")
        .outputMode("update")
        .option("kafka.bootstrap.servers", settings.bootstrap_servers)
        .option("topic", settings.alerts_topic)
        .option("checkpointLocation", location)
        .options(**PRODUCER_OPTIONS, **settings.kafka.for_spark())
    )
    if settings.mode is Mode.REAL_TIME:
        triggered: DataStreamWriter = writer.trigger(  # type: ignore[call-overload]  # its overloads lack realTime
            realTime=REAL_TIME_BATCH
        )
    else:
        triggered = writer.trigger(processingTime=MICRO_BATCH_INTERVAL)
    return triggered.start()
