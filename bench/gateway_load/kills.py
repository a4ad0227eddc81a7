"""What a gateway that is killed again and again loses, sends twice or mixes up."""

import random
import time
from dataclasses import asdict

from bench.gateway_load.arrivals import Account
from bench.gateway_load.stage import Stage
from bench.targets import Figures
from sandbox.errors import SandboxError

RATE = 3_000  # messages per second
LIVES_S = (0.2, 1.5)  # how long the gateway lives after its first records, shortest and longest
SEED = 1
MOST = 700_000  # as many readings as can be told apart; SIGTERM ends the stream much earlier


def measure_kills(stage: Stage, kills: int) -> Figures:
    """Kill the gateway at random moments while messages arrive, and start it again at once.

    Raises:
        SandboxError: a part failed.
    """
    lives = random.Random(SEED)  # noqa: S311 - repeatable, not a secret
    stage.start_gateway()
    stage.await_sources()
    publisher = stage.publish(MOST, rate=RATE)
    landed = 0
    for kill in range(kills):
        if stage.topic.wait_beyond(landed) == landed:
            raise SandboxError(f"after {kill} kills no reading lands any more: see {stage.gateway.log}")
        time.sleep(lives.uniform(*LIVES_S))
        stage.gateway.kill()
        landed = stage.topic.wait_beyond(-1)
        stage.start_gateway()
    publisher.terminate()
    sent = stage.published()
    account = Account.of(stage.topic.read_complete(sent), sent)
    return {
        "kills": kills,
        "records": sent,
        **asdict(account),
        "duplicates_per_kill": round((account.resent + account.redelivered) / kills, 1),
    }
