from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Startable(ABC):
    """A part that is ready when its context is entered, and gone when it is left; also when starting fails."""

    @abstractmethod
    def start(self) -> Self:
        """Start, and return when it is ready."""

    @abstractmethod
    def close(self) -> None:
        """Stop if it runs, and give back what is held; called also after a `start` that failed."""

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
