from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Newest(Generic[T]):
    """The newest so many of something, by key, each with the version in which it changed last."""

    def __init__(self, most: int, goes_first: Callable[[T], bool] = lambda _: True) -> None:
        """Keep at most so many; when it is too much, the oldest of those go that may go first."""
        self._most = most
        self._goes_first = goes_first
        self._kept: OrderedDict[str, tuple[int, T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str) -> T | None:
        """What is kept under the key."""
        found = self._kept.get(key)
        return None if found is None else found[1]

    def put(self, key: str, value: T, version: int) -> None:
        """Keep it; in the place of what was there, else as the newest one."""
        self._kept[key] = version, value
        if len(self._kept) > self._most:
            oldest = next(iter(self._kept))
            del self._kept[next((name for name, (_, each) in self._kept.items() if self._goes_first(each)), oldest)]

    def drop(self, key: str) -> None:
        """Forget it, if it is there."""
        self._kept.pop(key, None)

    def since(self, version: int) -> list[tuple[str, T]]:
        """What changed after that version, the newest one last."""
        return [(key, value) for key, (changed, value) in self._kept.items() if changed > version]
