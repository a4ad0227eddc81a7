"""The dashboard as a process of its own, on a real Kafka."""

import json
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from kafka.admin import NewPartitions

from sandbox.dashboard import Dashboard
from sandbox.kafka import Kafka
from sandbox.waiting import wait_until
from tests.dashboard.golden import invalid, valid
from tests.dashboard.producing import Sensors, sensors
from tests.dashboard.stream import Stream

pytestmark = pytest.mark.system
FURTHER = ("-alerts", "-stats", "-incidents")


@pytest.fixture
def topic(kafka: Kafka, request: pytest.FixtureRequest) -> str:
    name = f"dash-{abs(hash(request.node.name)) % 10**9}"
    kafka.create_topic(name, 3)
    return name


@pytest.fixture
def plant(kafka: Kafka, topic: str) -> Iterator[Sensors]:
    with sensors(kafka.bootstrap_servers, topic) as found:
        yield found


def dashboard(work_dir: Path, kafka: Kafka, topic: str, *arguments: str) -> Dashboard:
    return Dashboard(work_dir, kafka.bootstrap_servers, arguments=["--topic", topic, *arguments])


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - ours
        content: bytes = answer.read()
        return content


def resident_bytes(one: Dashboard) -> int:
    """Of the process itself: the tether has become it."""
    metrics = fetch(f"{one.url}/metrics").decode().splitlines()
    return int(float(next(line for line in metrics if line.startswith("process_resident_memory_bytes ")).split()[1]))


def test_values_on_the_page_are_those_in_kafka(tmp_path: Path, kafka: Kafka, topic: str, plant: Sensors) -> None:
    plant.say("before", 41.5)
    plant.say("long-before", 61.25, ago_s=600)
    with dashboard(tmp_path, kafka, topic) as page, Stream(page.url) as stream:
        stream.wait(lambda: stream.tile("before") and stream.tile("long-before"), "what was there before")
        assert stream.tile("long-before")["stale"]
        told = json.loads(plant.say("S1", 83.4, source="simulator", replayed=True))
        stream.wait(lambda: stream.tile("S1"), "a reading")
        tile = stream.tile("S1")
        assert (tile["celsius"], tile["level"], tile["source"]) == (83.4, "critical", "simulator")
        assert (tile["simulated"], tile["replayed"]) == (True, True)
        assert told["measured_at"].endswith(f"{tile['at_ms'] % 1000:03}Z")
        for celsius in (20.0, 79.9, 80.0, 80.0000001, -273.15, 10_000):
            plant.say("S2", celsius)
            stream.wait(lambda: stream.tile("S2").get("celsius") == celsius, f"{celsius} °C")  # noqa: B023 - waited for
        assert (stream.tile("S2")["min"], stream.tile("S2")["max"]) == (-273.15, 10_000)
        recent = json.loads(fetch(f"{page.url}/api/recent/before"))
        assert recent["celsius"] == [41.5]


def test_every_topic_is_shown(tmp_path: Path, kafka: Kafka, topic: str, plant: Sensors) -> None:
    with dashboard(tmp_path, kafka, topic) as page, Stream(page.url) as stream:
        stream.wait(lambda: stream.state.get("kafka", {}).get("up"), "Kafka")
        for suffix in FURTHER:
            kafka.create_topic(topic + suffix)
            for value in valid(f"sensor-suhu{suffix}"):
                plant.write(value, "S1", topic=topic + suffix)
        stream.wait(lambda: "S1" in stream.state["stats"], "statistics")
        stream.wait(lambda: len(stream.state["incidents"]) == 3, "incidents")
        stream.wait(lambda: stream.state["alerts"], "alerts")
        assert [one["celsius"] for one in stream.state["alerts"]] == [83.4]
        assert {one["kind"]: one["open"] for one in stream.state["incidents"]} == {
            "overheating": False,
            "fast_heating": True,
            "silent": False,
        }


def test_who_falls_silent_turns_grey_by_itself(tmp_path: Path, kafka: Kafka, topic: str, plant: Sensors) -> None:
    with dashboard(tmp_path, kafka, topic, "--stale-after-s", "0.5") as page, Stream(page.url) as stream:
        stream.wait(lambda: stream.state.get("kafka", {}).get("up"), "Kafka")
        plant.say("S1", 20.0)
        stream.wait(lambda: stream.tile("S1").get("stale") is True, "grey")
        plant.say("S1", 21.0)
        stream.wait(lambda: stream.tile("S1")["celsius"] == 21.0, "colour")
        stream.wait(lambda: "ping" in stream.events, "a ping")


def test_hostile_records_are_counted_and_the_page_stays_right(
    tmp_path: Path, kafka: Kafka, topic: str, plant: Sensors
) -> None:
    with dashboard(tmp_path, kafka, topic, "--max-sensors", "50") as page, Stream(page.url) as stream:
        stream.wait(lambda: stream.state.get("kafka", {}).get("up"), "Kafka")
        plant.say("S1", 20.0)
        stream.wait(lambda: stream.tile("S1"), "a reading")
        bad = invalid("sensor-suhu")
        tolerated = [bad.pop("unknown field"), bad.pop("replayed is false")]
        for value in (*bad.values(), b"", b"\xff" * 100, b"[" * 60_000, b'{"suhu":' + b"9" * 100_000 + b"}"):
            plant.write(value)
        plant.write(None)
        plant.say("S1", 99.0, ago_s=-3600)
        plant.say("S1", 98.0, retained=True)
        resent = plant.say("S1", 21.0)
        plant.write(resent)
        plant.say("<img src=x onerror=alert(1)>", 22.0)
        stream.wait(lambda: stream.tile("<img src=x onerror=alert(1)>"), "a name that looks like HTML")
        flood = json.loads(resent)
        plant.pour([json.dumps(flood | {"sensor_id": f"made-up-{number}"}).encode() for number in range(3000)])
        plant.say("S1", 23.5)
        stream.wait(lambda: stream.tile("S1")["celsius"] == 23.5, "the last reading")
        stream.wait(lambda: stream.state["skipped"].get("too_many_sensors") == 2952, "the flood is counted")
        skipped = stream.state["skipped"]
        assert skipped == {"malformed": 20, "future": 1, "retained": 1, "resent": 1, "too_many_sensors": 2952}
        assert (stream.tile("S1")["min"], stream.tile("S1")["max"]) == (20.0, 23.5)
        assert len(stream.state["sensors"]) == 50
        assert stream.tile("<img src=x onerror=alert(1)>")["celsius"] == 22.0
        assert len(tolerated) == 2
        assert "Traceback" not in page.log_since_start()


def test_it_outlives_its_broker_and_finds_later_topics_and_partitions(tmp_path: Path) -> None:
    with (
        Kafka(tmp_path / "kafka") as kafka,
        Dashboard(tmp_path, kafka.bootstrap_servers) as page,
        Stream(page.url) as stream,
    ):
        stream.wait(lambda: stream.state.get("kafka", {}).get("up"), "Kafka without a topic")
        kafka.create_topic("sensor-suhu", 1)
        with sensors(kafka.bootstrap_servers) as plant:
            plant.say("S1", 20.0)
            stream.wait(lambda: stream.tile("S1"), "a topic that came later")
        admin = kafka.admin()
        admin.create_partitions({"sensor-suhu": NewPartitions(4)})
        admin.close()
        with sensors(kafka.bootstrap_servers) as plant:
            for number in range(20):
                plant.say(f"P{number}", 30.0)
            stream.wait(lambda: len(stream.state["sensors"]) == 21, "all partitions")
        for end, back in ((kafka.kill, lambda: kafka.restart(0)), (kafka.freeze, kafka.thaw)):
            end()
            stream.wait(lambda: stream.state["kafka"]["up"] is False, "that Kafka is gone")
            assert stream.state["kafka"]["why"]
            back()
            stream.wait(lambda: stream.state["kafka"]["up"], "Kafka is back")
            with sensors(kafka.bootstrap_servers) as plant:
                celsius = 40.0 + len(stream.events)
                plant.say("S1", celsius)
                stream.wait(lambda: stream.tile("S1")["celsius"] == celsius, "a reading after it")  # noqa: B023 - waited for
        assert "snapshot" not in stream.events[1:]
        assert stream.state["skipped"] == {}


def test_it_starts_without_kafka_and_says_so(tmp_path: Path) -> None:
    with Dashboard(tmp_path, "127.0.0.1:9") as page, Stream(page.url) as stream:
        stream.wait(lambda: "cannot be reached" in (stream.state.get("kafka", {}).get("why") or ""), "why")
        assert stream.state["kafka"]["up"] is False
        assert fetch(f"{page.url}/healthz") == b"ok\n"


def test_a_signal_ends_it_at_once_with_streams_open(tmp_path: Path, kafka: Kafka, topic: str) -> None:
    with dashboard(tmp_path, kafka, topic) as page, ExitStack() as stack:
        streams = [stack.enter_context(Stream(page.url)) for _ in range(20)]
        for stream in streams:
            stream.wait(lambda: stream.events, "a snapshot")  # noqa: B023 - waited for
        stuck = stack.enter_context(socket.create_connection(("127.0.0.1", urlsplit(page.url).port)))
        stuck.sendall(b"GET / HTTP/1.1\r\n")
        assert page.stop(timeout_s=10) == 0
        for stream in streams:
            stream.wait(lambda: stream.ended, "the end")  # noqa: B023 - waited for
        assert "event=stopped" in page.log_since_start()


def test_seats_are_capped_and_the_data_path_does_not_notice(
    tmp_path: Path, kafka: Kafka, topic: str, plant: Sensors
) -> None:
    with dashboard(tmp_path, kafka, topic, "--max-clients", "10") as page, ExitStack() as stack:
        seated = [stack.enter_context(Stream(page.url)) for _ in range(10)]
        for stream in seated:
            stream.wait(lambda: stream.events, "a snapshot")  # noqa: B023 - waited for
        place = urlsplit(page.url)
        crowd = [stack.enter_context(socket.create_connection((place.hostname, place.port))) for _ in range(490)]
        for each in crowd:
            each.sendall(f"GET /events HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
        refused = {each.makefile("rb").read().partition(b"\r\n\r\n")[0] for each in crowd}  # to the connection's end
        assert {answer.partition(b"\r\n")[0] for answer in refused} == {b"HTTP/1.1 503 Service Unavailable"}
        assert all(b"\r\nretry-after: 10\r\n" in answer for answer in refused)
        plant.say("S1", 83.4)
        for stream in seated:
            stream.wait(lambda: stream.tile("S1").get("celsius") == 83.4, "a reading")  # noqa: B023 - waited for
    with dashboard(tmp_path, kafka, topic, "--max-clients", "10") as page:  # places are given back
        for _ in range(30):
            with Stream(page.url) as stream:
                stream.wait(lambda: stream.status is not None, "an answer")
                assert stream.status == 200
            wait_until(lambda: b"suhu_dashboard_clients 0.0" in fetch(f"{page.url}/metrics"), 10, "an empty hall")


def test_a_browser_that_does_not_read_costs_nobody_anything(
    tmp_path: Path, kafka: Kafka, topic: str, plant: Sensors
) -> None:
    with dashboard(tmp_path, kafka, topic) as page, ExitStack() as stack:
        idle = stack.enter_context(socket.socket())
        idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        idle.connect(("127.0.0.1", urlsplit(page.url).port))
        idle.sendall(f"GET /events HTTP/1.1\r\nHost: {urlsplit(page.url).netloc}\r\n\r\n".encode())
        quick = stack.enter_context(Stream(page.url))
        wait_until(lambda: b"suhu_dashboard_clients 2.0" in fetch(f"{page.url}/metrics"), 10, "both")
        plant.pour([_reading(f"S{number % 200}", number) for number in range(20_000)])
        before = resident_bytes(page)
        plant.pour([_reading(f"S{number % 200}", number) for number in range(20_000, 60_000)])
        quick.wait(lambda: quick.tile("S199").get("celsius") == 5999.9, "the newest reading")
        assert resident_bytes(page) - before < 20_000_000


def _reading(sensor_id: str, number: int) -> bytes:
    fields = {
        "sensor_id": sensor_id,
        "suhu": number / 10,
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        "source": "serial",
        "event_id": f"flood/aaaa/{number + 1}",
    }
    return json.dumps(fields).encode()
