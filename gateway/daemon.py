"""The daemon's life: signals, reloads, and what the service manager hears of it."""

import asyncio
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import structlog

from gateway.app import Pipeline
from gateway.changes import changes
from gateway.config import Config
from gateway.errors import GatewayError, SpoolError
from gateway.health.kept_port import KeptPort
from gateway.health.snapshot import JournalSize, Snapshot
from gateway.journal import Journal
from gateway.systemd import Systemd

log = structlog.get_logger()

STATUS_S = 5.0  # how often the service manager hears how things stand
# A thread that comes back from the disk or from Kafka waits so long for a busy one. Python's 5 ms, several times per
# batch, is most of the time that a batch takes: with it a third less goes through, for more CPU.
THREAD_SWITCH_S = 0.001
CHANGE_STUCK_S = 180.0  # stopping takes seconds, opening a large damaged journal a minute

Phase = Literal["starting", "working", "reloading", "stopping"]
OLD_STAYS = "the old configuration stays in force"


@dataclass(frozen=True, slots=True)
class _Next:
    """What a reload is going to put in the place of what works."""

    pipeline: Pipeline
    journal: Journal | None  # already open, when it is another file


class Daemon:
    """Runs one pipeline after the other, each with the configuration of its time, in one process.

    Args:
        load: reads and checks the configuration, at the start and on each SIGHUP; may raise ConfigError.
        simulate: use the simulator alone, whatever the configuration names.
        systemd: who has started us.
    """

    def __init__(self, load: Callable[[], Config], *, simulate: bool, systemd: Systemd) -> None:
        self._load = load
        self._simulate = simulate
        self._systemd = systemd
        self._stop = asyncio.Event()
        self._reload = asyncio.Event()
        self._has_terminal = sys.stderr.isatty()
        self._enter("starting")
        self._refusal = ""  # why the last reload did not happen

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT, or until finite sources are exhausted.

        Raises:
            ConfigError: the configuration is wrong; at the start only.
            AlreadyRunning: the journal belongs to another process.
            SpoolError: the journal cannot be used.
        """
        sys.setswitchinterval(THREAD_SWITCH_S)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        self._pipeline = Pipeline(self._load(), simulate=self._simulate)
        self._journal = _open(self._pipeline.config)
        telling = asyncio.create_task(self._tell(), name="service manager")
        health = KeptPort(self._snapshot, self._measured)
        try:
            await self._run_pipelines(health)
        finally:
            telling.cancel()
            await health.close()
            self._journal.close()

    async def _run_pipelines(self, health: KeptPort) -> None:
        event = "started"
        fields: dict[str, object] = {}
        while True:
            ending = "stopped"
            try:
                async with self._pipeline.running(self._journal):
                    self._pipeline.say(event, **fields)
                    self._shown = self._pipeline
                    self._enter("working")
                    await health.follow(self._shown.config.health)
                    self._systemd.ready()
                    following = await self._following()
                    if following is not None and following.journal is None:
                        self._pipeline.hurry()
                    self._enter("reloading" if following else "stopping")
                    ending = "reloading" if following else "stopped"
            finally:
                self._pipeline.say_ended(ending)
            if following is None:
                return
            event, fields = await self._switch(following)

    async def _following(self) -> _Next | None:
        """Wait for what comes after the pipeline that works now; None: nothing."""
        ended = asyncio.create_task(self._pipeline.ended(), name="end of the sources")
        signals = [asyncio.create_task(event.wait(), name="signal") for event in (self._stop, self._reload)]
        waiting: list[asyncio.Task[Any]] = [ended, *signals]
        try:
            while True:
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if ended.done() or self._stop.is_set():
                    self._systemd.stopping()
                    if ended.done():
                        ended.result()
                    return None
                self._reload.clear()
                waiting[-1] = asyncio.create_task(self._reload.wait(), name="signal")
                self._systemd.reloading()
                try:
                    return await self._prepared()
                except GatewayError as exc:
                    self._refuse(exc)
                    self._systemd.ready()
        finally:
            for task in waiting:
                task.cancel()

    async def _prepared(self) -> _Next:
        """Everything of a reload that can go wrong, as far as it can be done beside what works."""
        pipeline = Pipeline(self._load(), simulate=self._simulate)
        old, new = self._pipeline.config.journal.path.resolve(), pipeline.config.journal.path.resolve()
        return _Next(pipeline, None if new == old else await asyncio.to_thread(_open, pipeline.config))

    async def _switch(self, following: _Next) -> tuple[str, dict[str, object]]:
        """Put the new in the place of the old, which has stopped; when that fails, the old again.

        Returns:
            The event that tells it, and its fields.

        Raises:
            SpoolError: the journal cannot be used any more, under the old configuration either.
        """
        old = self._pipeline.config
        try:
            await self._change_journal(old, following)
        except GatewayError as exc:
            self._pipeline = Pipeline(old, simulate=self._simulate)
            self._refuse(exc)
            return "resumed", {}
        self._pipeline = following.pipeline
        self._refusal = ""
        return "reloaded", {"changed": "; ".join(changes(old, following.pipeline.config)) or "nothing"}

    async def _change_journal(self, old: Config, following: _Next) -> None:
        """Have the journal open that the new configuration names, or raise with the old one open."""
        new = following.pipeline.config
        if following.journal is not None:
            if self._journal.last_sequence > self._journal.delivered or self._journal.held():
                await asyncio.to_thread(following.journal.close)
                raise SpoolError(
                    f"readings wait in {old.journal.path}, and nobody would send them from there: "
                    f"reload again when Kafka has them, only then change journal.path"
                )
            await asyncio.to_thread(self._journal.close)
            self._journal = following.journal
        elif (old.gateway.id, old.journal.max_bytes) != (new.gateway.id, new.journal.max_bytes):
            await asyncio.to_thread(self._journal.close)
            try:
                self._journal = await asyncio.to_thread(_open, new)
            except GatewayError:
                self._journal = await asyncio.to_thread(_open, old)
                raise

    def _refuse(self, error: GatewayError) -> None:
        for line in str(error).splitlines():
            log.error("reload_refused", error=line, effect=OLD_STAYS)
        self._refusal = str(error).splitlines()[0]

    def _hang_up(self) -> None:
        # The terminal that we were started on has gone: that is no wish to reload.
        if self._has_terminal and not sys.stderr.isatty():
            self._stop.set()
        else:
            self._reload.set()

    async def _tell(self) -> None:
        """Let the service manager know how things stand, and feed its watchdog as long as work gets done."""
        if not self._systemd.listens:
            return
        watchdog_s = self._systemd.watchdog_s
        was_stuck = False
        while True:
            self._systemd.status(self._status())
            stuck = self._stuck()
            if stuck and not was_stuck:
                log.error("stuck", error="; ".join(stuck), effect="the service manager will restart this process")
            elif not stuck and watchdog_s is not None:
                self._systemd.alive()
            was_stuck = bool(stuck)
            await asyncio.sleep(STATUS_S if watchdog_s is None else min(STATUS_S, watchdog_s / 3))

    def _status(self) -> str:
        if self._phase != "working":
            return self._phase
        refusal = f", {OLD_STAYS}: {self._refusal}" if self._refusal else ""
        return self._snapshot().summary() + refusal

    def _snapshot(self) -> Snapshot:
        """How it is now; in the middle of a change, what the last pipeline has come to."""
        changing = self._phase if self._phase == "reloading" or self._phase == "stopping" else None
        return replace(self._shown.snapshot(), stuck=self._stuck(), changing=changing)

    async def _measured(self) -> JournalSize:
        if self._phase != "working":
            raise SpoolError(f"the journal is not asked while {self._phase}")
        return await self._shown.measured()

    def _stuck(self) -> list[str]:
        if self._phase == "working":
            return self._pipeline.stuck()
        for_s = time.monotonic() - self._phase_began_s
        return [f"{self._phase} has not come to an end for {for_s:.0f} s"] if for_s > CHANGE_STUCK_S else []

    def _enter(self, phase: Phase) -> None:
        self._phase: Phase = phase
        self._phase_began_s = time.monotonic()


def _open(config: Config) -> Journal:
    return Journal(config.journal.path, config.gateway.id, config.journal.max_bytes)
