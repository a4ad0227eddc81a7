import subprocess
import sys
import time

from bench.gateway_load.stage import Stage
from bench.targets import Figures
from sandbox.errors import SandboxError
from sandbox.fetched import PROJECT

START_TIMEOUT_S = 60.0
FILL_TIMEOUT_S = 300.0
# Dies without closing the journal, as in a power cut of the process.
FILL = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from gateway.journal import Append, Journal
from gateway.model import Reading
journal = Journal(Path(sys.argv[1]), "bench", 1 << 30)
reading = Reading("S1", 70.25, datetime.now(UTC), "mqtt")
left = int(sys.argv[2])
while left > 0:
    left -= len(journal.apply([Append(reading)] * min(left, 2_000)))
os.kill(os.getpid(), signal.SIGKILL)
"""


def measure_start(stage: Stage, queued: int) -> Figures:
    """How long the gateway needs, from its exec to the line that says it has begun, with a killed one's full queue."""
    command = [sys.executable, "-c", FILL, str(stage.journal), str(queued)]
    subprocess.run(command, cwd=PROJECT, timeout=FILL_TIMEOUT_S, check=False)
    began_s = time.monotonic()
    stage.start_gateway()
    line = stage.gateway.wait_for_line("event=started", START_TIMEOUT_S)
    start_s = time.monotonic() - began_s
    if f"waiting={queued}" not in str(line):
        raise SandboxError(f"the gateway did not find {queued} records: {line}")
    return {"start_s": round(start_s, 3), "queued": queued}
