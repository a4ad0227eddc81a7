import pytest
from suhu_jobs.failure import first_line
from suhu_jobs.jvm import JavaError, Jvm

PROXY = """An exception was raised by the Python Proxy. Return Message: Traceback (most recent call last):
  File "writer.py", line 63, in __call__
    progress.check(query_id, number)
suhu_jobs.errors.ConfigError: the history in file:/h belongs to another checkpoint
"""
WORKER = """[RUNNER_FAILED] The runner failed, returned -2. Cause: Traceback (most recent call last):
  File "worker.py", line 7, in main
    func = load()
           ^^^^^^
ModuleNotFoundError: No module named 'jobs'

\tat org.apache.spark.Runner.init(Runner.scala:1)
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\nno space left\nat Disk.java:7", "no space left"),
        ("Job aborted due to stage failure: Task 0 (TID 3) (localhost executor driver): bad offset\nat", "bad offset"),
        (WORKER, "[RUNNER_FAILED] The runner failed, returned -2. Cause: ModuleNotFoundError: No module named 'jobs'"),
        (PROXY, "the history in file:/h belongs to another checkpoint"),
    ],
)
def test_the_line_that_tells_a_person_the_cause_is_found(text: str, words: str) -> None:
    assert first_line(Exception(text)) == words


def test_a_java_failure_is_told_by_its_root(jvm: Jvm) -> None:
    with pytest.raises(JavaError) as raised:
        jvm.java.java.io.FileInputStream("/nowhere")  # PySpark puts no exception of its own in the place of this one
    assert first_line(raised.value) == "/nowhere (No such file or directory)"


def test_a_failure_of_spark_is_told_in_one_line_without_where_it_ran() -> None:
    where = "Job aborted due to stage failure: Task 0 in stage 1.0 (TID 3) (127.0.0.1 executor driver): "
    assert first_line(RuntimeError(f"{where}No space left on device\n  at java.io\n")) == "No space left on device"
