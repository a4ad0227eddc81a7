"""The page for the shop floor: live from Kafka, history from Parquet. Shares contracts/ with the rest, never code."""
