import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.mosquitto import Mosquitto
from tests.firmware_sim.child import Child, wait_until
from tests.firmware_sim.subscriber import Subscriber

pytestmark = pytest.mark.system

Start = Callable[..., Child]


@pytest.fixture
def idle_broker(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    yield broker
    broker.close()


@pytest.fixture
def broker(idle_broker: Mosquitto) -> Mosquitto:
    return idle_broker.start()


@pytest.fixture
def subscriber(broker: Mosquitto) -> Iterator[Subscriber]:
    opened = Subscriber(broker.port, "suhu/#")
    yield opened
    opened.close()


def test_truth_is_what_a_subscriber_received(start: Start, broker: Mosquitto, subscriber: Subscriber) -> None:
    child = start("--mqtt", "--port", str(broker.port), "--sensors", "S1,S2", "--rate", "200", "--count", "200")
    assert child.ready() == f"127.0.0.1:{broker.port}"
    assert child.ends() == (0, "emitted S1=100 S2=100 dropped=0\n", "")
    wait_until(lambda: len(subscriber.messages) == 200, "all messages have come")
    assert subscriber.received() == child.emitted()
    first, second = subscriber.messages[:2]
    assert (first.topic, first.qos, first.retain) == ("suhu/S1", 1, False)
    assert json.loads(first.payload) == {"sensor_id": "S1", "suhu": 65.27}
    assert second.topic == "suhu/S2"


def test_number_payload_on_a_topic_of_ones_own(start: Start, broker: Mosquitto) -> None:
    subscriber = Subscriber(broker.port, "plant/#")
    topic = ["--topic", "plant/{device}/{sensor_id}/celsius", "--name", "oven-1"]
    start("--mqtt", "--port", str(broker.port), "--format", "number", *topic, "--seed", "4", "--count", "1").ends()
    wait_until(lambda: len(subscriber.messages) == 1, "the message has come")
    subscriber.close()
    assert subscriber.messages[0].topic == "plant/oven-1/S1/celsius"
    assert subscriber.messages[0].payload == b"64.57"


def test_retained_only_when_asked(start: Start, broker: Mosquitto) -> None:
    for sensor, flags in (("S1", []), ("S2", ["--retain"])):
        start("--mqtt", "--port", str(broker.port), "--sensors", sensor, "--count", "1", *flags).ends()
    late = Subscriber(broker.port, "suhu/#")
    wait_until(lambda: len(late.messages) == 1, "the retained message has come")
    late.close()
    assert (late.messages[0].topic, late.messages[0].retain) == ("suhu/S2", True)


def test_a_missing_broker_is_waited_for_with_one_line(start: Start, idle_broker: Mosquitto) -> None:
    child = start("--mqtt", "--port", str(idle_broker.port), "--count", "3", "--rate", "100")
    assert child.complaint() == (
        f"broker_away device=sim-S1 broker=127.0.0.1:{idle_broker.port} reason='no answer'; trying until it answers\n"
    )
    idle_broker.start()
    assert child.ready() == f"127.0.0.1:{idle_broker.port}"
    assert child.ends() == (0, "emitted S1=3 dropped=0\n", "")


def test_no_reading_is_lost_or_overtaken_while_the_broker_is_away(
    start: Start, broker: Mosquitto, subscriber: Subscriber
) -> None:
    child = start("--mqtt", "--port", str(broker.port), "--rate", "200", "--curve", "hot", "--count", "1000")
    child.ready()
    wait_until(lambda: len(subscriber.messages) > 50, "readings go through")
    broker.stop()
    assert "broker_away" in child.complaint()
    broker.start()
    code, out, err = child.ends()
    assert (code, out) == (0, "emitted S1=1000 dropped=0\n")
    assert "broker_back" in err
    assert "not_acknowledged" not in err
    wait_until(lambda: len(set(subscriber.received())) == 1000, "all messages have come")
    in_order = list(dict.fromkeys(message.payload.decode() for message in subscriber.messages))
    assert in_order == child.emitted()
    assert [fact["seq"] for fact in child.truth()] == list(range(1, 1001))


def test_what_was_never_published_is_dropped_in_the_truth(start: Start, broker: Mosquitto) -> None:
    child = start("--mqtt", "--port", str(broker.port), "--rate", "1000", "--curve", "hot")
    child.ready()
    wait_until(lambda: len(child.truth()) > 5, "readings go through")
    broker.stop()
    assert "broker_away" in child.complaint()
    published = len(child.truth())
    code, out, _ = child.stop()
    facts = child.truth()
    assert [fact["seq"] for fact in facts] == list(range(1, len(facts) + 1))
    dropped = [fact for fact in facts if "dropped" in fact]
    assert dropped
    assert dropped == facts[published:]
    assert (code, out) == (0, f"emitted S1={published} dropped={len(dropped)}\n")


def test_a_client_that_is_refused_says_why(start: Start, tmp_path: Path) -> None:
    with Mosquitto(tmp_path, settings=["allow_anonymous false"]) as broker:
        child = start("--mqtt", "--port", str(broker.port))
        assert "reason='Not authorized'" in child.complaint()
        assert child.stop() == (0, "emitted S1=0 dropped=0\n", "")
