import re

from pyspark.errors import StreamingQueryException
from pyspark.sql.streaming.query import StreamingQuery

from suhu_jobs.jvm import JavaError, cause

# What a batch function of ours raised, as Spark quotes it: Python's traceback, which ends with the words.
_OWN_WORDS = re.compile(r"^suhu_jobs\.errors\.\w+: (.*)$", re.MULTILINE)
# What a Python worker raised, behind words of Spark's and the calls that led there.
_TRACEBACK = re.compile(r"Traceback \(most recent call last\):\n(?:[ \t].*\n)+(\S.*)")


def reason(query: StreamingQuery) -> str:
    """Why a query has ended, in one line."""
    exception = query.exception()
    if not isinstance(exception, StreamingQueryException):
        return "it ended without a word"
    return first_line(exception)


def first_line(exc: Exception) -> str:
    """What Spark says of a failure, without its stack traces and the places where it ran."""
    if isinstance(exc, JavaError):  # whose own text names nothing but the call
        return cause(exc)[:400]
    told = _TRACEBACK.sub(r"\1", str(exc).strip())
    own = _OWN_WORDS.search(str(exc))
    text = own[1] if own else told.partition("\n")[0]
    return re.sub(r"^Job aborted due to stage failure: .*?\(.*? executor .*?\): ", "", text)[:400]
