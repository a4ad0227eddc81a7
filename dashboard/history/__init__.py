"""The days that are over and the one that is not, from the Parquet files of contracts/history.md."""
