import re

from pyspark.errors import StreamingQueryException
from pyspark.sql.streaming.query import StreamingQuery


def reason(query: StreamingQuery) -> str:
    """Why a query has ended, in one line."""
    exception = query.exception()
    if not isinstance(exception, StreamingQueryException):
        return "it ended without a word"
    return first_line(exception)


def first_line(exc: Exception) -> str:
    """What Spark says of a failure, without its stack traces and the places where it ran."""
    text = str(exc).strip().partition("\n")[0]
    return re.sub(r"^Job aborted due to stage failure: .*?\(.*? executor .*?\): ", "", text)[:400]
