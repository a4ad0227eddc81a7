import pytest
from suhu_jobs.failure import first_line

PROXY = """An exception was raised by the Python Proxy. Return Message: Traceback (most recent call last):
  File "writer.py", line 63, in __call__
    progress.check(query_id, number)
suhu_jobs.errors.ConfigError: the history in file:/h belongs to another checkpoint
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\nno space left\nat Disk.java:7", "no space left"),
        ("Job aborted due to stage failure: Task 0 (TID 3) (localhost executor driver): bad offset\nat", "bad offset"),
        (PROXY, "the history in file:/h belongs to another checkpoint"),
    ],
)
def test_the_line_that_tells_a_person_the_cause_is_found(text: str, words: str) -> None:
    assert first_line(Exception(text)) == words
