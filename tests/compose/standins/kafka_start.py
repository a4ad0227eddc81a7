"""What the original image does at its start: KAFKA_A_B of the environment becomes a.b of the configuration."""

import os
import subprocess
from pathlib import Path

TOOLS = Path("/opt/kafka/bin")
CONFIG = Path("/opt/kafka/config/server.properties")
# Words for the start scripts, not for the broker.
NOT_SETTINGS = {"KAFKA_HEAP_OPTS", "KAFKA_JVM_PERFORMANCE_OPTS", "KAFKA_OPTS"}
CLUSTER_ID = os.environ.get("CLUSTER_ID", "5L6g3nShT-eMCtK--X86sw")

settings = {
    name.removeprefix("KAFKA_").lower().replace("_", "."): value
    for name, value in os.environ.items()
    if name.startswith("KAFKA_") and name not in NOT_SETTINGS
}
CONFIG.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
subprocess.run(
    [TOOLS / "kafka-storage.sh", "format", "--ignore-formatted", "--cluster-id", CLUSTER_ID, "--config", CONFIG],
    check=True,
)
start = str(TOOLS / "kafka-server-start.sh")
os.execv(start, [start, str(CONFIG)])  # noqa: S606 - as process 1, which gets the signals
