from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from types import TracebackType
from typing import Protocol, Self


class Part(Protocol):
    """Something that is ready once it is entered, and gone once it is left: Kafka, a broker, a job, a program."""

    def __enter__(self) -> object: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> bool | None: ...


class Sandbox:
    """Parts that run together, and are stopped in the reverse order when the context ends.

        with Sandbox() as sandbox:
            sandbox.start(kafka, mosquitto)
            sandbox.start(job)

    Also parts that had started before another one failed are stopped.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()

    def start(self, *parts: Part) -> None:
        """Start parts that do not need each other, all at the same time, and wait until every one is ready.

        Raises:
            SandboxError: one did not start.
        """
        threads = ThreadPoolExecutor(max_workers=max(1, len(parts)))
        starts = [threads.submit(part.__enter__) for part in parts]
        try:
            wait(starts)
        except BaseException:  # Ctrl-C: what we end here, no thread waits for any more
            for part in reversed(parts):
                part.__exit__(None, None, None)
            raise
        finally:
            threads.shutdown(wait=False)
        for part, start in zip(parts, starts, strict=True):
            if start.exception() is None:
                self._stack.push(part)
        for start in starts:
            start.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)
