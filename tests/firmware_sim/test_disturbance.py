from itertools import islice
from typing import Any

import pytest

from firmware_sim.device import MqttDevice, TcpDevice
from firmware_sim.frame import Frame, Outage, Reading
from firmware_sim.script import script


def device(*faults: dict[str, Any], **keys: Any) -> TcpDevice:
    return TcpDevice.model_validate(
        {"transport": "tcp", "name": "sim-S1", "sensors": ["S1"], "fault": list(faults)} | keys
    )


def frames(count: int, *faults: dict[str, Any], seed: int = 1, **keys: Any) -> list[Frame]:
    script_of_device = script(device(*faults, **keys), seed)
    return list(islice((item for item in script_of_device if isinstance(item, Frame)), count))


def summary(frame: Frame) -> tuple[bytes, list[float], list[float], tuple[str, ...]]:
    must = [reading.celsius for reading in frame.readings]
    may = [reading.celsius for reading in frame.allowed]
    return frame.data, must, may, frame.faults


PLAIN = [b"S1 65.27\r\n", b"S1 65.70\r\n", b"S1 66.01\r\n", b"S1 66.63\r\n"]


def test_without_faults_nothing_happens() -> None:
    assert [frame.data for frame in frames(4)] == PLAIN


def test_a_fault_with_a_time_alone_happens_once() -> None:
    heard = frames(4, {"kind": "silence", "at_s": 1.0})
    assert [frame.data for frame in heard] == [PLAIN[0], b"", PLAIN[2], PLAIN[3]]
    assert [frame.faults for frame in heard] == [(), ("silence",), (), ()]
    assert [len(frame.readings) for frame in heard] == [1, 0, 1, 1]


def test_a_fault_with_a_duration_happens_to_each_frame_of_that_time() -> None:
    heard = frames(4, {"kind": "silence", "at_s": 1.0, "for_s": 2.0})
    assert [frame.data for frame in heard] == [PLAIN[0], b"", b"", PLAIN[3]]


def test_probability_is_of_each_frame_and_the_seed_says_which() -> None:
    rare = {"kind": "silence", "probability": 0.1}
    struck = [frame.seq for frame in frames(1000, rare) if frame.faults]
    assert 70 <= len(struck) <= 130
    assert [frame.seq for frame in frames(1000, rare) if frame.faults] == struck
    assert [frame.seq for frame in frames(1000, rare, seed=2) if frame.faults] != struck


def test_another_fault_changes_nothing_about_the_first() -> None:
    noise = {"kind": "noise", "probability": 0.1}
    alone = [frame.data for frame in frames(200, noise) if "noise" in frame.faults]
    both = frames(200, noise, {"kind": "duplicate", "at_s": 1000.0})
    assert [frame.data for frame in both if "noise" in frame.faults] == alone


def test_a_cut_line_takes_the_next_one_with_it() -> None:
    first, cut, glued, after = frames(4, {"kind": "cut", "at_s": 1.0})
    assert cut.data in {b"S1 6", b"S1 65", b"S1 65.", b"S1 65.7"}
    assert summary(cut)[1:] == ([], [65.7], ("cut",))
    assert summary(glued) == (PLAIN[2], [], [66.01], ("after cut",))
    assert (summary(first), summary(after)) == ((PLAIN[0], [65.27], [], ()), (PLAIN[3], [66.63], [], ()))


def test_a_missing_end_takes_the_next_line_with_it() -> None:
    _, endless, glued, after = frames(4, {"kind": "missing-end", "at_s": 1.0})
    assert summary(endless) == (b"S1 65.70", [], [65.7], ("missing-end",))
    assert summary(glued) == (PLAIN[2], [], [66.01], ("after missing-end",))
    assert summary(after) == (PLAIN[3], [66.63], [], ())


def test_what_is_silent_cannot_mend_a_cut_line() -> None:
    cut = {"kind": "cut", "at_s": 1.0}
    heard = frames(4, cut, {"kind": "silence", "at_s": 2.0})
    assert [frame.faults for frame in heard] == [(), ("cut",), ("silence",), ("after cut",)]


def test_a_torn_line_comes_in_two_pieces_and_only_the_last_completes_it() -> None:
    _, beginning, rest, after = frames(4, {"kind": "torn", "at_s": 1.0, "gap_s": 0.5})
    assert beginning.data + rest.data == PLAIN[1]
    assert beginning.data
    assert rest.data
    assert (beginning.due_s, rest.due_s) == (1.0, 1.5)
    assert (beginning.continues, rest.continues) == (False, True)
    assert summary(beginning)[1:] == ([], [65.7], ("torn",))
    assert summary(rest)[1:] == ([65.7], [], ("torn",))
    assert after.data == PLAIN[2]


def test_a_trickle_is_a_byte_at_a_time() -> None:
    trickle = frames(12, {"kind": "slow-trickle", "at_s": 1.0, "gap_s": 0.1})[1:11]
    assert [frame.data for frame in trickle] == [b"S", b"1", b" ", b"6", b"5", b".", b"7", b"0", b"\r", b"\n"]
    assert [round(frame.due_s, 1) for frame in trickle] == [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9]
    assert [len(frame.readings) for frame in trickle] == [0] * 9 + [1]


def test_glued_lines_leave_in_one_write() -> None:
    _, glued, after = frames(3, {"kind": "glued", "at_s": 1.0})
    assert summary(glued) == (b"S1 65.70\r\nS1 66.01\r\n", [65.7, 66.01], [], ("glued",))
    assert glued.due_s == 2.0
    assert after.data == PLAIN[3]


def test_a_line_that_is_held_back_at_the_end_still_comes() -> None:
    ending = script(device({"kind": "glued", "at_s": 1.0}, count=2), seed=1)
    assert [item.data for item in ending if isinstance(item, Frame)] == PLAIN[:2]


def test_noise_stands_before_the_line_and_is_never_text() -> None:
    _, noisy, after = frames(3, {"kind": "noise", "at_s": 1.0, "size_bytes": 20})
    noise = noisy.data.removesuffix(PLAIN[1])
    assert len(noise) == 20
    assert min(noise) >= 0x80
    assert 0xB0 not in noise
    with pytest.raises(UnicodeDecodeError):
        noise.decode()
    assert summary(noisy)[1:] == ([], [65.7], ("noise",))
    assert after.readings == (Reading("S1", 66.01),)


def test_a_flipped_bit_makes_the_text_no_text_and_no_degree_sign() -> None:
    for seed in range(40):
        _, flipped = frames(2, {"kind": "bit-flip", "at_s": 1.0}, seed=seed)
        high = [byte for byte in flipped.data if byte >= 0x80]
        assert len(high) == 1
        assert high != [0xB0]
        assert flipped.data.endswith(b"\r\n")
        assert flipped.readings == ()


def test_where_a_checksum_tells_any_bit_may_flip() -> None:
    _, flipped = frames(2, {"kind": "bit-flip", "at_s": 1.0}, format="nmea-mtw")
    (honest,) = [frame for frame in frames(2, format="nmea-mtw") if frame.seq == 2]
    differing = [a ^ b for a, b in zip(honest.data, flipped.data, strict=True) if a != b]
    assert len(differing) == 1
    assert differing[0].bit_count() == 1


def test_a_wrong_checksum_is_the_only_thing_wrong() -> None:
    _, wrong = frames(2, {"kind": "wrong-checksum", "at_s": 1.0}, format="nmea-mtw")
    (honest,) = [frame for frame in frames(2, format="nmea-mtw") if frame.seq == 2]
    assert wrong.data[:-4] == honest.data[:-4]
    assert wrong.data[-4:-2] != honest.data[-4:-2]
    assert int(wrong.data[-4:-2], 16) >= 0
    assert wrong.readings == ()


def test_a_decimal_comma_is_no_point() -> None:
    _, comma = frames(2, {"kind": "decimal-comma", "at_s": 1.0}, format="dht")
    assert comma.data.decode() == ("Humidity: 45,20%  Temperature: 65,70°C 150,26°F  Heat index: 25,31°C 77,56°F\r\n")
    assert summary(comma)[1:] == ([], [65.7], ("decimal-comma",))


def test_a_duplicate_need_not_come_out_twice() -> None:
    _, first, again, after = frames(4, {"kind": "duplicate", "at_s": 1.0})
    assert (first.data, again.data, after.data) == (PLAIN[1], PLAIN[1], PLAIN[2])
    assert (first.readings, again.readings) == ((Reading("S1", 65.7),), ())
    assert again.allowed == (Reading("S1", 65.7),)


def test_a_flood_is_many_lines_due_at_once() -> None:
    flood = frames(302, {"kind": "flood", "at_s": 1.0, "times": 300})[1:]
    assert {frame.data for frame in flood} == {PLAIN[1]}
    assert {frame.due_s for frame in flood} == {1.0}
    assert len(flood) == 301


def test_wrong_baud_is_what_a_slower_client_hears() -> None:
    _, garbled, glued, after = frames(4, {"kind": "wrong-baud", "at_s": 1.0, "baud": 4800})
    assert garbled.data != PLAIN[1]
    assert b"65" not in garbled.data
    assert garbled.readings == ()
    assert glued.faults == ("after wrong-baud",)
    assert after.faults == ()


def test_a_reboot_brings_the_banner_in_between() -> None:
    _, banner, after = frames(3, {"kind": "reboot", "at_s": 1.0}, format="max6675")
    assert summary(banner) == (b"MAX6675 test\r\n", [], [], ("reboot",))
    assert after.data == b"C = 65.75\r\nF = 150.35\r\n"


def test_stuck_repeats_what_was() -> None:
    heard = frames(4, {"kind": "stuck", "at_s": 1.0, "for_s": 2.0})
    assert [frame.data for frame in heard] == [PLAIN[0], PLAIN[0], PLAIN[0], PLAIN[3]]
    assert [frame.readings[0].celsius for frame in heard] == [65.27, 65.27, 65.27, 66.63]


def test_drift_runs_away_and_is_what_the_device_says() -> None:
    heard = frames(4, {"kind": "drift", "at_s": 1.0, "for_s": 100.0, "celsius_per_s": 10.0})
    assert [frame.readings[0].celsius for frame in heard] == [65.27, 65.7, 76.01, 86.63]


def test_a_fault_of_one_sensor_spares_the_others() -> None:
    heard = frames(4, {"kind": "silence", "sensors": ["S2"]}, sensors=["S1", "S2"])
    assert [bool(frame.data) for frame in heard] == [True, False, True, False]


def test_an_unplugged_port_is_an_outage_between_frames() -> None:
    items = list(islice(script(device({"kind": "unplug", "at_s": 1.0, "for_s": 3.0}), 1), 4))
    assert isinstance(items[1], Outage)
    assert (items[1].due_s, items[1].duration_s, items[1].fault) == (1.0, 3.0, "unplug")
    assert [item.data for item in items if isinstance(item, Frame)] == PLAIN[:3]


def test_a_message_that_is_cut_spoils_no_other() -> None:
    oven = MqttDevice.model_validate(
        {"transport": "mqtt", "name": "oven-1", "sensors": ["S1"], "fault": [{"kind": "cut", "at_s": 1.0}]}
    )
    heard = [item for item in islice(script(oven, 1), 3) if isinstance(item, Frame)]
    assert [frame.faults for frame in heard] == [(), ("cut",), ()]


def test_retained_is_a_flag_and_still_a_reading_now() -> None:
    oven = MqttDevice.model_validate(
        {"transport": "mqtt", "name": "oven-1", "sensors": ["S1"], "fault": [{"kind": "retained", "at_s": 1.0}]}
    )
    heard = [item for item in islice(script(oven, 1), 3) if isinstance(item, Frame)]
    assert [frame.retain for frame in heard] == [False, True, False]
    assert [len(frame.readings) for frame in heard] == [1, 1, 1]


def test_the_same_seed_is_the_same_bytes_whatever_the_faults() -> None:
    many = [
        {"kind": kind, "probability": 0.1}
        for kind in (
            "cut",
            "missing-end",
            "torn",
            "glued",
            "noise",
            "bit-flip",
            "duplicate",
            "decimal-comma",
            "silence",
        )
    ]
    first, second = frames(500, *many), frames(500, *many)
    assert first == second
    assert len({fault for frame in first for fault in frame.faults}) > 9
    assert [frame.seq for frame in first] == list(range(1, 501))
    assert frames(500, *many, seed=2) != first


def test_beyond_its_range_a_sensor_says_its_end() -> None:
    runaway = frames(3, {"kind": "drift", "celsius_per_s": 50.0}, format="dht")
    assert [frame.readings[0].celsius for frame in runaway] == [65.3, 80.0, 80.0]
