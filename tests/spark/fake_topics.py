from suhu_jobs.errors import KafkaUnreachable
from suhu_jobs.topics import Topic, Topics


class FakeTopics(Topics):
    """Brokers that hold what a test puts into them."""

    def __init__(self) -> None:
        self.known: dict[str, Topic] = {}
        self.first: dict[str, dict[int, int]] = {}
        self.next: dict[str, dict[int, int]] = {}
        self.away = False

    def describe(self, name: str) -> Topic | None:
        if self.away:
            raise KafkaUnreachable("away")
        return self.known.get(name)

    def create(self, name: str, partitions: int) -> None:
        self.known[name] = Topic(f"id of {name}", partitions)

    def grow(self, name: str, partitions: int) -> None:
        self.known[name] = Topic(self.known[name].topic_id, partitions)

    def first_offsets(self, name: str, partitions: int) -> dict[int, int]:
        return self.first.get(name) or dict.fromkeys(range(partitions), 0)

    def next_offsets(self, name: str, partitions: int) -> dict[int, int]:
        return self.next.get(name) or dict.fromkeys(range(partitions), 0)
