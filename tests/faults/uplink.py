import secrets
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.faults.command import run

NETWORK = "198.18"  # RFC 2544: for tests of networks
PREFIX = 29
NAME = "kafka.lan"  # as long as 127.0.0.1, whose place it takes in Kafka's answers
DROP = "drop"
RESET = "meta l4proto tcp reject with tcp reset"
LOSS = "numgen random mod 100 < 30 drop"


class Uplink:
    """A network of one cable: a network namespace for the gateway, and the host at the other end under `NAME`.

    The cable can be cut, lossy and narrow. Only root can lay it.

    Attributes:
        hosts: the host's two addresses; `NAME` is at the first one, to begin with.
        nobody: an address that nobody has.
    """

    def __init__(self) -> None:
        self._namespace = f"suhu-{secrets.token_hex(3)}"
        network = f"{NETWORK}.{secrets.randbelow(256)}"
        self.hosts = (f"{network}.1", f"{network}.2")
        self.nobody, self._far = f"{network}.5", f"{network}.6"
        self._outer_end, self._inner_end = f"{self._namespace}-o", f"{self._namespace}-i"
        self._folder = Path("/etc/netns") / self._namespace  # ip-netns(8): its files stand in for those of /etc

    @property
    def wrapper(self) -> list[str]:
        """The command that runs a program at the far end."""
        return ["ip", "netns", "exec", self._namespace]

    def name_is_at(self, address: str) -> None:
        """Let `NAME` mean this address, from now on."""
        (self._folder / "hosts").write_text(f"127.0.0.1 localhost\n{address} {NAME}\n")

    def treat_packets(self, rule: str, port: int | None = None) -> None:
        """Do this (nft(8)) with every packet from and to the gateway, or with those of one port of the host."""
        chains = ""
        for hook, way, end in (("input", "iifname", "sport"), ("output", "oifname", "dport")):
            which = f"{way} != lo" + ("" if port is None else f" tcp {end} {port}")  # a reset comes back through lo
            chains += f"chain {hook} {{ type filter hook {hook} priority 0; {which} {rule}; }}\n"
        self._inside("nft", f"table inet fault {{\n{chains}}}")

    def narrow(self, rate: str) -> None:
        """Let no more than this through from the gateway (tc-tbf(8))."""
        self._inside("tc", *f"qdisc add dev {self._inner_end} root tbf rate {rate} burst 5kb latency 200ms".split())

    def pull_out(self) -> None:
        """Take the cable out."""
        self._inside("ip", "link", "set", self._inner_end, "down")

    def heal(self) -> None:
        """Undo all of it."""
        self._inside("nft", "flush ruleset")
        self._inside("tc", "qdisc", "del", "dev", self._inner_end, "root", check=False)
        self._inside("ip", "link", "set", self._inner_end, "up")

    def __enter__(self) -> Self:
        try:
            self._folder.mkdir(parents=True)
            self.name_is_at(self.hosts[0])
            run("ip", "netns", "add", self._namespace)
            run("ip", "link", "add", self._outer_end, "type", "veth", "peer", "name", self._inner_end)
            run("ip", "link", "set", self._inner_end, "netns", self._namespace)
            for address in self.hosts:
                run("ip", "address", "add", f"{address}/{PREFIX}", "dev", self._outer_end)
            run("ip", "link", "set", self._outer_end, "up")
            self._inside("ip", "address", "add", f"{self._far}/{PREFIX}", "dev", self._inner_end)
            self._inside("ip", "link", "set", "lo", "up")
            self._inside("ip", "link", "set", self._inner_end, "up")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        run("ip", "link", "delete", self._outer_end, check=False)
        run("ip", "netns", "delete", self._namespace, check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _inside(self, *command: str, check: bool = True) -> None:
        run(*self.wrapper, *command, check=check)
