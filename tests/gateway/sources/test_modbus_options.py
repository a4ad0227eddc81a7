from typing import Any

import pytest

from gateway.config import check
from gateway.errors import ConfigError
from gateway.sources.modbus_options import ModbusDevice, ModbusOptions

SUHU = {"id": "suhu", "reg": 1}
OVEN = {"name": "oven", "fields": [SUHU]}


def bus(**keys: Any) -> ModbusOptions:
    return check({"modbus": [{"devices": [OVEN]} | keys]}, "file").modbus[0]


def test_a_serial_line_has_the_settings_of_most_sensors() -> None:
    options = bus(port="/dev/ttyUSB0")
    assert (options.baudrate, options.parity, options.stopbits) == (9600, "none", 1)
    assert options.place == "/dev/ttyUSB0"
    assert options.address() is None


def test_modbus_tcp_has_the_port_that_is_registered() -> None:
    assert bus(host="plc.example").address() == ("plc.example", 502)
    assert bus(host="plc.example", port=1502).address() == ("plc.example", 1502)
    assert bus(host="plc.example", port=1502).place == "plc.example:1502"


def test_a_serial_server_is_a_line_behind_a_network() -> None:
    assert bus(port="socket://192.0.2.7:4001").address() == ("192.0.2.7", 4001)
    assert bus(port="socket://[2001:db8::1]:4001").address() == ("2001:db8::1", 4001)


def test_one_request_reads_what_the_fields_need() -> None:
    fields = [
        {"id": "a", "reg": 10, "type": "float32"},
        {"id": "b", "reg": 4, "status_reg": 2},
        {"id": "c", "reg": 12},
    ]
    request = ModbusDevice.model_validate({"name": "oven", "unit_id": 7, "function": 3, "fields": fields}).request()
    assert (request.unit_id, request.function, request.start, request.count) == (7, 3, 2, 11)
    assert [field.id for field in request.fields] == ["oven/a", "oven/b", "oven/c"]


def test_a_request_may_read_more_than_that() -> None:
    request = ModbusDevice.model_validate(OVEN | {"start": 0, "count": 8}).request()
    assert (request.start, request.count) == (0, 8)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, 'modbus[1]: either port = "/dev/…" for a serial line, or host'),
        ({"port": 502}, 'modbus[1]: either port = "/dev/…"'),
        ({"host": "plc", "port": "/dev/a"}, "modbus[1]: with host, port is the number of a TCP port"),
        ({"host": "plc", "port": 0}, "modbus[1]: with host, port is the number of a TCP port"),
        ({"host": "tcp://plc"}, "modbus[1].host: "),
        ({"host": "plc", "baudrate": 19200}, "modbus[1]: baudrate, parity and stopbits belong to a serial port"),
        ({"port": "socket://plc"}, "modbus[1]: 'socket://plc' is not socket://host:port"),
        ({"port": "/dev/a", "parity": "E"}, "modbus[1].parity: "),
        ({"port": "/dev/a", "devices": []}, "modbus[1].devices: "),
        ({"port": "/dev/a", "devices": [{"name": "x"}]}, "modbus[1].devices[1].fields: this key is required"),
        ({"port": "/dev/a", "devices": [OVEN | {"function": 1}]}, "modbus[1].devices[1].function: "),
        ({"port": "/dev/a", "devices": [OVEN | {"start": 2}]}, "the fields need the registers 1 to 1"),
        ({"port": "/dev/a", "devices": [OVEN | {"start": 0, "count": 1}]}, "the fields need the registers 1 to 1"),
        ({"port": "/dev/a", "devices": [OVEN | {"fields": [SUHU, {"id": "b", "reg": 126}]}]}, "126 registers are to"),
        ({"port": "/dev/a", "devices": [OVEN | {"unit_id": 0}]}, "unit 0 is everybody on a serial line"),
        ({"port": "/dev/a", "devices": [OVEN, OVEN | {"unit_id": 2}]}, "two fields are the sensor 'oven/suhu'"),
        ({"port": "/dev/a", "devices": [OVEN, OVEN | {"name": "b"}]}, "two tables ask unit 1 for 1 registers"),
    ],
)
def test_a_mistake_is_told_with_its_place(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        bus(**keys)
    assert message in str(caught.value)


def test_two_requests_to_a_unit_that_cannot_be_confused_are_allowed() -> None:
    other = {"name": "b", "fields": [{"id": "suhu", "reg": 900}]}
    assert len(bus(host="plc", devices=[OVEN, other]).devices) == 2  # Modbus TCP numbers its requests
    assert len(bus(port="/dev/a", devices=[OVEN, other | {"count": 2}]).devices) == 2
    assert len(bus(port="/dev/a", devices=[OVEN, other | {"function": 3}]).devices) == 2


def test_a_port_belongs_to_one_table() -> None:
    tables = {"serial": [{"port": "/dev/a"}], "modbus": [{"port": "/dev/a", "devices": [OVEN]}]}
    with pytest.raises(ConfigError, match="the port /dev/a is configured twice"):
        check(tables, "file")
