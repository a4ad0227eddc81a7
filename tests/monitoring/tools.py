"""Debian's Prometheus and its promtool, as programs of a test."""

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from sandbox.process import Child

READY_TIMEOUT_S = 30.0


def program(name: str) -> str:
    """Where it is; the test is skipped where it is not, except in CI."""
    found = shutil.which(name)
    if found is None:
        missing = f"{name} is not installed: apt-get install prometheus"
        if "SUHU_SKIP_NOTHING" in os.environ:
            pytest.fail(missing)
        pytest.skip(missing)
    return found


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What it says of files; exit code 0: nothing is wrong."""
    return subprocess.run([program("promtool"), *arguments], capture_output=True, text=True, check=False, timeout=60)


class Prometheus(Child):
    """A real one on loopback, ready when `start` returns.

    Args:
        work_dir: for what it stores and logs.
        config: prometheus.yml.
        port: of its own.
    """

    def __init__(self, work_dir: Path, config: Path, port: int) -> None:
        self._port = port
        listen = f"--web.listen-address=127.0.0.1:{port}"
        storage = f"--storage.tsdb.path={work_dir / 'data'}"
        super().__init__("prometheus", [program("prometheus"), f"--config.file={config}", storage, listen], work_dir)

    def start(self) -> "Prometheus":
        super().start()
        self.wait_for_line("Server is ready", READY_TIMEOUT_S)
        return self

    def ask(self, path: str, **parameters: str) -> Any:
        """The data of an answer of its API, such as `query`, or its own error as AssertionError."""
        url = f"http://127.0.0.1:{self._port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(json.load(error)["error"]) from None
