"""The MQTT broker does not let the gateway in, or is not to be trusted, until a person has mended it."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from sandbox.mosquitto import Mosquitto
from tests.certificates import certificate, listener
from tests.faults.conftest import MakeOutcome, MakeRig
from tests.faults.rig import PATIENCE_S

pytestmark = pytest.mark.system

USER, SECRET = "pabrik", "canary-7f3a"


@dataclass(frozen=True, slots=True)
class Gate:
    """A broker whose one listener wants TLS and a password; the other, for the load, lets everyone in."""

    folder: Path
    broker: Mosquitto
    authority: trustme.CA

    def configuration(self) -> str:
        """What the gateway's [[mqtt]] needs to be let in."""
        ca_file, password_file = self.folder / "trusted" / "authority.pem", self.folder / "password"
        return (
            f'tls = true\nca_file = "{ca_file}"\nusername = "{USER}"\npassword_file = "{password_file}"\n'
            f'client_id = "gate-{self.broker.guarded_port}"'
        )

    def mend(self) -> None:
        """Everything as it should be, from the broker's next start on."""
        certificate(self.folder / "shown", "127.0.0.1", self.authority)
        set_password(self.folder, SECRET)

    def harm(self, fault: str) -> None:
        """One thing is wrong, from the broker's next start on."""
        shown = self.folder / "shown"
        match fault:
            case "wrong password":
                set_password(self.folder, "another")
            case "user not allowed":
                subprocess.run(["mosquitto_passwd", "-D", self.folder / "passwords", USER], check=True)
            case "certificate expired":
                certificate(shown, "127.0.0.1", self.authority, expired=True)
            case "certificate of an unknown authority":
                certificate(shown, "127.0.0.1", trustme.CA())
            case "certificate for another host":
                certificate(shown, "broker.example", self.authority)


def set_password(folder: Path, password: str) -> None:
    command = ["mosquitto_passwd", "-b", "-c", folder / "passwords", USER, password]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    authority = trustme.CA()
    folder = tmp_path / "gate"
    folder.mkdir()
    certificate(folder / "trusted", "127.0.0.1", authority)
    (folder / "password").write_text(SECRET)
    files = certificate(folder / "shown", "127.0.0.1", authority)
    set_password(folder, SECRET)
    guard = listener(files, "allow_anonymous false", f"password_file {folder / 'passwords'}")
    with Mosquitto(tmp_path, guard=guard) as broker:
        yield Gate(folder, broker, authority)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("wrong password", "does not let the user 'pabrik' in (Not authorized): check username, what is in"),
        ("user not allowed", "does not let the user 'pabrik' in (Not authorized): check username, what is in"),
        ("certificate expired", "shows a certificate that has expired: renew it there"),
        ("certificate of an unknown authority", "shows a certificate of an authority that is not trusted here: name"),
        ("certificate for another host", "shows a certificate that is not for '127.0.0.1': set host"),
    ],
)
def test_a_closed_gate_is_told_once_and_loses_nothing(
    gate: Gate, make_rig: MakeRig, outcome: MakeOutcome, fault: str, told: str
) -> None:
    rig = make_rig(mosquitto=gate.broker, mqtt_port=gate.broker.guarded_port, options={"[mqtt]": gate.configuration()})
    rig.let_flow(100)
    gate.harm(fault)
    gate.broker.restart()
    rig.gateway.wait_for_line(told, PATIENCE_S)
    rig.let_flow(100)
    gate.mend()
    gate.broker.restart()
    recovery_s = rig.await_reading()
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.records > 200
    # A broker that restarts changes the order by itself; test_mqtt.py compares with what arrives, here that is TLS.
    assert verdict.broken(repeats_allowed=True).keys() <= {"I3 disordered"}
    log = rig.gateway.log_since_start()
    assert log.count(told) == 1
    assert SECRET not in log
    assert "Traceback" not in log
    outcome(28, f"MQTT broker: {fault}", "told once, with the remedy").add(verdict, recovery_s=[recovery_s])
