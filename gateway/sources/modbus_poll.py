"""Modbus devices that are asked, one after the other, on a serial line or behind a Modbus TCP server."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import structlog

from gateway.decode.device import Device
from gateway.decode.found import Decoded, Refused
from gateway.decode.modbus_rtu import RegisterAnswers, decode_registers, exception
from gateway.errors import SourceLost
from gateway.model import Delivery, Reading, Rejected
from gateway.sources.modbus_link import NETWORK_PAUSE_S, Answer, ModbusLink, open_link
from gateway.sources.modbus_options import ModbusDevice, ModbusOptions
from gateway.sources.modbus_turns import Turns

log = structlog.get_logger()

NO_DEVICE = {None, 10, 11}  # no answer; the server's word for a device behind it that gives none, or has no way to it
SERIAL_PAUSE_S = 1.0  # between two attempts to reach anybody


class ModbusSource:
    """Asks the devices of one bus, each in its interval; an answer is one delivery, and so is a missing one.

    A device cannot send a reading again, so there is nothing to acknowledge. A silent device is no lost source; a bus
    on which nobody answers is, and it is open again only when somebody does.

    Args:
        options: where it is, and which devices are there.
        now: the wall clock.
    """

    def __init__(self, options: ModbusOptions, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._options = options
        self._now = now
        self._devices: list[tuple[ModbusDevice, Device]] = [(one, one.request()) for one in options.devices]
        self._silent: set[str] = set()  # names of devices of which that was said
        self._nobody = False  # answered when it was open last

    @property
    def name(self) -> str:
        """See Source."""
        return f"modbus {self._options.place}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[Delivery]]:
        """See Source."""
        async with open_link(self._options) as link:
            turns = Turns([(one.interval_s, one.timeout_s) for one, _ in self._devices], time.monotonic())
            first = await self._somebody(link, turns) if self._nobody else []
            yield self._deliveries(link, turns, first)

    async def _somebody(self, link: ModbusLink, turns: Turns) -> list[Delivery]:
        """Ask everybody once, so that a bus without an answer does not come up in the log again and again."""
        deliveries = [await self._ask(link, turns, place) for place in range(len(self._devices))]
        if turns.none_answered:
            raise self._nobody_answers()
        self._nobody = False
        return deliveries

    async def _deliveries(self, link: ModbusLink, turns: Turns, first: list[Delivery]) -> AsyncIterator[Delivery]:
        for delivery in first:
            yield delivery
        while True:
            place, due_s = turns.next()
            await link.idle(due_s - time.monotonic())
            yield await self._ask(link, turns, place)
            if turns.all_silent:
                self._nobody = True
                raise self._nobody_answers()

    async def _ask(self, link: ModbusLink, turns: Turns, place: int) -> Delivery:
        options, request = self._devices[place]
        answer = await link.ask(request, options.timeout_s)
        if answer.registers is None and answer.exception in NO_DEVICE:
            turns.missed(place, time.monotonic())
        else:
            turns.answered(place, time.monotonic())
        self._tell(options.name, silent=turns.is_silent(place))
        decoded = _decoded(answer, request, options.timeout_s)
        arrived_at = self._now()
        return Delivery(
            tuple(Reading(one.sensor_id, one.celsius, arrived_at, "serial") for one in decoded.found),
            tuple(Rejected(one.reason, f"{options.name}: {one.detail}", one.raw) for one in decoded.refused),
        )

    def _tell(self, device: str, *, silent: bool) -> None:
        if silent and device not in self._silent:
            self._silent.add(device)
            log.warning("modbus_device_silent", source=self.name, device=device)
        elif not silent and device in self._silent:
            self._silent.remove(device)
            log.info("modbus_device_back", source=self.name, device=device)

    def _nobody_answers(self) -> SourceLost:
        if self._options.host is not None:
            return SourceLost(f"{self.name}: no device answers: check unit_id and the devices", NETWORK_PAUSE_S)
        return SourceLost(
            f"{self.name}: no device answers: check wiring, power, baudrate, parity and unit_id", SERIAL_PAUSE_S
        )


def _decoded(answer: Answer, request: Device, timeout_s: float) -> Decoded:
    decoded = Decoded([], [])
    if answer.registers is not None:
        decoded.add(decode_registers(answer.registers, request), answer.raw)
    elif answer.exception is not None:
        decoded.refused.append(exception(answer.exception, answer.raw))
    else:
        decoded.refused.extend(_unanswered(answer.raw, request, timeout_s))
    return decoded


def _unanswered(heard: bytes, request: Device, timeout_s: float) -> list[Refused]:
    """Why what was heard is no answer."""
    listener = RegisterAnswers(request)
    refused = listener.feed(heard).refused + listener.end().refused
    return refused or [Refused("no_answer", f"unit {request.unit_id} gives no answer within {timeout_s:g} s", heard)]
