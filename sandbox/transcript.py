import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sandbox.errors import SandboxError

_NETWORK = "check the network connection (behind a proxy, set https_proxy), then run the same command again"
# What installers say when they fail, and what a person can do about it; the first that matches is the cause.
_CAUSES = (
    (r"No space left on device|Errno 28", "the disk is full: free some space, then run the same command again"),
    (r"DO NOT MATCH THE HASHES", "a package is not the one that the lock names: tell the maintainers"),
    (r"PKIX path|CERTIFICATE_VERIFY_FAILED|SSLError|SSLHandshake", "a certificate is not trusted: " + _NETWORK),
    (
        r"ConnectException|UnknownHost|proxy server|NewConnectionError|timed out|Connection reset|NoRouteToHost"
        r"|Temporary failure|Could not resolve|Could not connect|Unable to connect|Failed to fetch"
        r"|ProxyError|ConnectionError|IncompleteRead|Premature",
        "the package registry cannot be reached: " + _NETWORK,
    ),
    (r"module not found|No matching distribution|Unable to locate", "the registry lacks a package: is a mirror set?"),
)


def follow(argv: Sequence[str], log: Path, what: str, env: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run an installer to its end: yield its lines as they come, and keep all of them in `log`.

    Args:
        argv: the command.
        log: written anew.
        what: completes the sentence "… failed" for a person.
        env: the whole environment, this process's own if None.

    Raises:
        SandboxError: the command failed; says why, as far as its words tell, and where the log is.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("w+") as kept,
        subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=env,
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - we asked for a pipe
        try:
            for line in process.stdout:
                kept.write(line)
                yield line.rstrip("\n")
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        raise failed(what, log)


def failed(what: str, log: Path) -> SandboxError:
    """Make one sentence of what an installer wrote to `log` before it failed."""
    words = log.read_text()
    cause = next((cause for pattern, cause in _CAUSES if re.search(pattern, words)), "for a reason unknown to us")
    return SandboxError(f"{what} failed, {cause}; all its words are in {log}.")
