"""Bytes held against the wire format by hand: field numbers of sparkplug_b.proto."""

from typing import Any

from firmware_sim.device import MqttDevice
from firmware_sim.frame import Frame, Reading
from firmware_sim.script import script
from firmware_sim.sparkplug import EdgeNode

AT_MS = "80d0eab6b733"  # 1767225600000 as a varint: 2026-01-01T00:00:00Z


def device(**keys: Any) -> MqttDevice:
    return MqttDevice.model_validate({"transport": "mqtt", "name": "Edge1", "format": "sparkplug-b"} | keys)


def node(**keys: Any) -> EdgeNode:
    return EdgeNode(device(**keys), 1_767_225_600.0)


def test_data_has_aliases_and_no_names() -> None:
    frame = next(iter(script(device(), seed=1)))
    assert isinstance(frame, Frame)
    assert frame.topic == "spBv1.0/Plant1/DDATA/Edge1/Probes"
    assert frame.readings == (Reading("Oven1", 64.96), Reading("Oven2", 65.59))
    assert frame.data.hex() == (
        f"08{AT_MS}"  # field 1: timestamp
        f"120e18{AT_MS}10016585eb8142"  # field 2: metric; 3 timestamp, 2 alias 1, 12 float 64.96
        f"120e18{AT_MS}100265142e8342"  # alias 2, 65.59
    )


def test_a_missing_value_is_null() -> None:
    frame = next(iter(script(device(sensors=["Oven1"], fault=[{"kind": "sentinel"}]), seed=1)))
    assert isinstance(frame, Frame)
    assert frame.data.hex() == f"08{AT_MS}120b18{AT_MS}10013801"  # 7 is_null
    assert frame.readings == ()


def test_births_name_the_metrics_and_give_them_aliases() -> None:
    nbirth, dbirth = node(sensors=["Oven1"]).births()
    assert (nbirth.topic, dbirth.topic) == ("spBv1.0/Plant1/NBIRTH/Edge1", "spBv1.0/Plant1/DBIRTH/Edge1/Probes")
    assert dbirth.data.hex() == (
        f"08{AT_MS}122018{AT_MS}"
        "0a114f76656e312f54656d7065726174757265"  # 1 name Oven1/Temperature
        "100120093801"  # 2 alias 1, 4 data type 9 (Float), 7 is_null
    )
    assert (
        nbirth.data.hex()
        == (
            f"08{AT_MS}"
            f"121218{AT_MS}0a056264536571" + "20045800"  # bdSeq, Int64, 11 long_value 0
            f"122118{AT_MS}0a144e6f646520436f6e74726f6c2f52656269727468"
            + "200b7000"  # Node Control/Rebirth, Boolean, false
        )
    )
    assert (nbirth.readings, dbirth.readings) == ((), ())


def test_the_will_is_a_death_with_the_same_bd_seq() -> None:
    will = node().will()
    assert will.topic == "spBv1.0/Plant1/NDEATH/Edge1"
    assert will.data.hex() == f"08{AT_MS}121218{AT_MS}0a0562645365712004" + "5800"


def test_the_sequence_counts_what_is_published_since_the_birth() -> None:
    subject = node()
    births = subject.births()
    assert [subject.sealed(frame)[-2:].hex() for frame in births] == ["1800", "1801"]
    frame = Frame("Edge1", 0.0, b"")
    assert [subject.sealed(frame).hex() for _ in range(254)][-1] == "18ff01"
    assert subject.sealed(frame).hex() == "1800"
    subject.births()
    assert subject.sealed(births[0])[-2:].hex() == "1800"


def test_commands_come_for_the_node() -> None:
    assert node().command_topic == "spBv1.0/Plant1/NCMD/Edge1"
