"""What a user says of a Modbus bus: the keys of one [[modbus]] table and of its [[modbus.devices]]."""

import struct
from collections import Counter
from typing import Annotated, Literal

from pydantic import Field, StrictInt, StringConstraints, model_validator

from gateway.decode.device import Device, Keys, Register, Text
from gateway.decode.modbus_rtu import FORMATS

TCP_PORT = 502  # as registered with IANA
MAX_REGISTERS = 125  # in one answer
BRIDGE = "socket://"  # a serial server that passes on what comes from the line


class ModbusDevice(Keys):
    """One [[modbus.devices]]: registers that one request reads, and which of them are temperatures."""

    name: Text
    unit_id: int = Field(default=1, ge=0, le=255)
    function: Literal[3, 4] = 4
    start: int | None = Field(default=None, ge=0, le=65_535)
    count: int | None = Field(default=None, ge=1, le=MAX_REGISTERS)
    fields: list[Register] = Field(min_length=1)
    interval_s: float = Field(default=1.0, ge=0.01, le=86_400)
    timeout_s: float = Field(default=0.3, ge=0.01, le=60)

    @model_validator(mode="after")
    def _one_answer_holds_all(self) -> "ModbusDevice":
        request, (first, last) = self._span(), self._needed()
        if len(request) > MAX_REGISTERS:
            msg = f"{len(request)} registers are to be read, and one answer holds {MAX_REGISTERS}: make two tables"
            raise ValueError(msg)
        if first not in request or last not in request:
            msg = f"the fields need the registers {first} to {last}, and start and count ask for others"
            raise ValueError(msg)
        return self

    def request(self) -> Device:
        """What to ask for, and what the answer means; sensors are `<device>/<field>`."""
        asked = self._span()
        return Device(
            decoder="modbus_rtu",
            unit_id=self.unit_id,
            function=self.function,
            start=asked.start,
            count=len(asked),
            fields=[field.model_copy(update={"id": f"{self.name}/{field.id}"}) for field in self.fields],
        )

    def _span(self) -> range:
        first, last = self._needed()
        start = first if self.start is None else self.start
        return range(start, start + self.count if self.count is not None else max(last, start) + 1)

    def _needed(self) -> tuple[int, int]:
        """The first and the last register that the fields look at."""
        lasts = [field.reg + struct.calcsize(FORMATS[field.type]) // 2 - 1 for field in self.fields]
        places = [field.reg for field in self.fields] + lasts
        places += [field.status_reg for field in self.fields if field.status_reg is not None]
        return min(places), max(places)


class ModbusOptions(Keys):
    """One [[modbus]]: a serial line, or a Modbus TCP server, and the devices behind it."""

    host: Annotated[str, StringConstraints(min_length=1, pattern=r"^[^/@\s]+$")] | None = None
    port: StrictInt | Annotated[str, StringConstraints(min_length=1)] | None = None
    baudrate: int = Field(default=9600, ge=50, le=4_000_000)
    parity: Literal["none", "even", "odd"] = "none"
    stopbits: Literal[1, 2] = 1
    devices: list[ModbusDevice] = Field(min_length=1)

    @model_validator(mode="after")
    def _port_fits(self) -> "ModbusOptions":
        if self.host is None and not isinstance(self.port, str):
            msg = 'either port = "/dev/…" for a serial line, or host = "…" for Modbus TCP is needed'
            raise ValueError(msg)
        if self.host is not None and not (self.port is None or (isinstance(self.port, int) and 0 < self.port < 65_536)):
            msg = "with host, port is the number of a TCP port, such as 502"
            raise ValueError(msg)
        if self.host is None and str(self.port).startswith(BRIDGE):
            self.address()
        if self.address() is not None and (self.baudrate, self.parity, self.stopbits) != (9600, "none", 1):
            msg = "baudrate, parity and stopbits belong to a serial port; behind a network its server knows them"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _sensors_differ(self) -> "ModbusOptions":
        sensors = Counter(field.id for device in self.devices for field in device.request().fields)
        if twice := [sensor for sensor, count in sensors.items() if count > 1]:
            msg = f"two fields are the sensor {twice[0]!r}: give the devices or the fields different names"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _answers_differ(self) -> "ModbusOptions":
        """An answer on a serial line does not name its registers, and may come when the next request is out."""
        if self.host is not None:
            return self
        requests = [device.request() for device in self.devices]
        if any(one.unit_id == 0 for one in requests):
            msg = "unit 0 is everybody on a serial line, and nobody answers: devices have the units 1 to 247"
            raise ValueError(msg)
        answers = Counter((one.unit_id, one.function, one.count) for one in requests)
        for (unit_id, _, count), tables in answers.items():
            if tables > 1:
                msg = (
                    f"two tables ask unit {unit_id} for {count} registers: a late answer to one could be taken for the "
                    "other's; read all in one table, or one register more in one of them (count)"
                )
                raise ValueError(msg)
        return self

    @property
    def place(self) -> str:
        """What a person calls it."""
        return str(self.port) if self.host is None else f"{self.host}:{self.port or TCP_PORT}"

    def address(self) -> tuple[str, int] | None:
        """Host and port of a TCP connection; None: it is a serial port of this machine."""
        if self.host is not None:
            return self.host, int(self.port or TCP_PORT)
        url = str(self.port)
        if not url.startswith(BRIDGE):
            return None
        host, _, port = url.removeprefix(BRIDGE).rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
            msg = f"{url!r} is not socket://host:port"
            raise ValueError(msg)
        return host.strip("[]"), int(port)
