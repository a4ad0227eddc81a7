from typing import Any

from firmware_sim.commands import TextCommands
from firmware_sim.device import TcpDevice
from firmware_sim.frame import Reading


def module(family: str, **keys: Any) -> TextCommands:
    device = TcpDevice.model_validate({"transport": "tcp", "name": "module-1", "format": family} | keys)
    return TextCommands(device, seed=1, epoch_s=0.0)


def said(subject: TextCommands, command: bytes) -> list[bytes]:
    return [frame.data for frame in subject.answers(command)]


def test_all_channels_of_an_adam_module() -> None:
    (frame,) = module("adam").answers(b"#01\r")
    assert frame.data == b">+065.08+065.44\r"
    assert frame.readings == (Reading("0", 65.08), Reading("1", 65.44))
    assert frame.request == b"#01\r"


def test_one_channel() -> None:
    (frame,) = module("adam").answers(b"#011\r")
    assert frame.data == b">+065.44\r"
    assert frame.readings == (Reading("1", 65.44),)


def test_other_modules_on_the_bus_are_left_to_answer() -> None:
    assert said(module("adam"), b"#02\r") == []


def test_the_name_of_the_module_and_what_it_does_not_know() -> None:
    assert said(module("adam"), b"$01M\r$01Q\r#019\r") == [b"!014015\r", b"?01\r", b"?01\r"]


def test_a_broken_wire_is_888888() -> None:
    subject = module("adam", fault=[{"kind": "sentinel", "which": "burn-out", "sensors": ["1"]}])
    (frame,) = subject.answers(b"#01\r")
    assert frame.data == b">+065.08+888888\r"
    assert frame.readings == (Reading("0", 65.08),)


def test_marlin_answers_m105() -> None:
    (frame,) = module("marlin-m105").answers(b"M105\n")
    assert frame.data == b"ok T:64.94 /210.00 B:65.43 /210.00 @:79 B@:35\n"
    assert frame.readings == (Reading("T", 64.94), Reading("B", 65.43))


def test_marlin_takes_line_numbers_and_says_ok_to_the_rest() -> None:
    first, second = module("marlin-m105").answers(b"N3 M105*38\nG28\n")
    assert first.data.startswith(b"ok T:64.94 ")
    assert second.data == b"ok\n"


def test_each_question_gets_the_next_reading_and_seeds_repeat() -> None:
    one, other = module("marlin-m105"), module("marlin-m105")
    first = [said(one, b"M105\n") for _ in range(5)]
    assert first == [said(other, b"M105\n") for _ in range(5)]
    assert len({answer[0] for answer in first}) == 5


def test_a_command_in_pieces_is_put_together_and_noise_is_bounded() -> None:
    subject = module("adam")
    assert said(subject, b"\xff" * 10_000) == []
    assert said(subject, b"\r") == []
    assert said(subject, b"#0") == []
    assert len(said(subject, b"1\r")) == 1
