"""The history: accepted readings as Parquet files, one directory a day (contracts/history.md).

`writer` is what Spark calls with each batch; `names` says what a file's name means, `merging` what is to be merged
next, `progress` whether history and checkpoint belong together. `storage` is the only file that touches the disk.
"""
