import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mqtt_packets import MAX_PACKET_BYTES, Message, PacketSplitter, pubacks

# PUBLISH, QoS 1, topic suhu/S1, packet id 10, payload 70.25 (OASIS MQTT 3.1.1, section 3.3).
PUBLISH = b"\x32\x10\x00\x07suhu/S1\x00\x0a70.25"
MESSAGE = Message(b"suhu/S1", b"70.25", False, 10, 1)
PINGRESP = b"\xd0\x00"
SUBACK = b"\x90\x03\x00\x01\x01"


def test_a_qos_1_message_is_split_off() -> None:
    assert PacketSplitter().feed(PUBLISH) == ([MESSAGE], b"")


def test_everything_else_is_left_as_it_came() -> None:
    qos_0 = b"\x30\x0e\x00\x07suhu/S170.25"
    assert PacketSplitter().feed(SUBACK + PUBLISH + PINGRESP + qos_0) == ([MESSAGE], SUBACK + PINGRESP + qos_0)


def test_dup_is_no_matter_and_retain_is_told() -> None:
    messages, _ = PacketSplitter().feed(b"\x3b" + PUBLISH[1:])
    assert messages == [Message(b"suhu/S1", b"70.25", True, 10, 1)]


def test_a_length_of_two_bytes() -> None:
    packet = b"\x32\xd3\x01\x00\x07suhu/S1\x01\x02" + b"7" * 200
    assert PacketSplitter().feed(packet) == ([Message(b"suhu/S1", b"7" * 200, False, 258, 1)], b"")


def test_the_properties_of_version_5_are_skipped() -> None:
    splitter = PacketSplitter(properties=True)
    none = b"\x32\x11\x00\x07suhu/S1\x00\x0a\x0070.25"
    # Message expiry 60 s and a user property (OASIS MQTT 5, section 3.3.2.3).
    some = b"\x32\x1d\x00\x07suhu/S1\x00\x0a\x0c\x02\x00\x00\x00\x3c\x26\x00\x01a\x00\x01b70.25"
    # 130 bytes of properties: their length takes two bytes.
    many = b"\x32\x94\x01\x00\x07suhu/S1\x00\x0a\x82\x01\x03\x00\x7f" + b"t" * 127 + b"70.25"
    assert splitter.feed(none + some + many) == ([MESSAGE, MESSAGE, MESSAGE], b"")


@pytest.mark.parametrize("rest", [b"", b"\x05", b"\x80", b"\x05abcd"])
def test_properties_that_are_cut_off_are_refused(rest: bytes) -> None:
    with pytest.raises(ValueError, match="shorter than its properties"):
        PacketSplitter(properties=True).feed(bytes([0x32, 11 + len(rest)]) + b"\x00\x07suhu/S1\x00\x0a" + rest)


@given(st.lists(st.sampled_from([PUBLISH, PINGRESP, SUBACK]), max_size=20), st.lists(st.integers(1, 9), min_size=1))
def test_chunk_borders_change_nothing(packets: list[bytes], sizes: list[int]) -> None:
    stream, splitter = b"".join(packets), PacketSplitter()
    messages: list[Message] = []
    others = b""
    position = turn = 0
    while position < len(stream):
        size = sizes[turn % len(sizes)]
        some, rest = splitter.feed(stream[position : position + size])
        messages, others = messages + some, others + rest
        position, turn = position + size, turn + 1
    assert messages == [MESSAGE] * packets.count(PUBLISH)
    assert others == b"".join(packet for packet in packets if packet != PUBLISH)


def test_the_beginning_of_an_oversized_payload_is_kept_and_the_next_message_is_read() -> None:
    size = MAX_PACKET_BYTES * 3
    length = size + 11
    head = bytes([0x32, length & 0x7F | 0x80, length >> 7 & 0x7F | 0x80, length >> 14 & 0x7F | 0x80, length >> 21])
    splitter = PacketSplitter()
    messages: list[Message] = []
    stream = head + b"\x00\x07suhu/S1\x00\x0b" + b"x" * size + PUBLISH
    for place in range(0, len(stream), 100_000):
        messages += splitter.feed(stream[place : place + 100_000])[0]
        assert len(splitter._rest) <= 100_000
    assert messages == [Message(b"suhu/S1", b"x" * 4096, False, 11, 1, 3_145_728), MESSAGE]


@pytest.mark.parametrize("chunk", [1, 4096, 100_000])
def test_an_oversized_payload_begins_behind_its_properties(chunk: int) -> None:
    # 2,000,014 bytes: topic, packet id, 2 bytes of properties behind their length, 2,000,000 of payload.
    stream = b"\x32\x8e\x89\x7a\x00\x07suhu/S1\x00\x0b\x02\x01\x00" + b"{" + b"x" * 8_191
    splitter = PacketSplitter(properties=True)
    messages: list[Message] = []
    for place in range(0, len(stream), chunk):
        messages += splitter.feed(stream[place : place + chunk])[0]
    assert messages == [Message(b"suhu/S1", (b"{" + b"x" * 4_095)[: len(messages[0].payload)], False, 11, 1, 2_000_000)]
    assert len(messages[0].payload) >= 4_000


@pytest.mark.parametrize("garbage", [b"\x32\xff\xff\xff\xff\x01", b"\x32\x04\x00\x07su"])
def test_what_is_not_mqtt_is_refused(garbage: bytes) -> None:
    with pytest.raises(ValueError, match=r"packet length|shorter"):
        PacketSplitter().feed(garbage)


def test_pubacks() -> None:
    assert pubacks([10, 258]) == b"\x40\x02\x00\x0a\x40\x02\x01\x02"
