"""The gateway before a guarded broker: each lock that stays shut is told once, and nothing is lost when it opens."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from kafka.admin import ACLOperation, ResourceType

from sandbox.mosquitto import Mosquitto
from sandbox.waiting import wait_until
from tests.certificates import certificate
from tests.faults.proxy import Proxy
from tests.faults.rig import PATIENCE_S, Rig
from tests.security.guarded import GATEWAY, USERS, Guarded

pytestmark = pytest.mark.system

NEWCOMER = "pabrik-2"  # whom the broker does not know at first


@dataclass(frozen=True, slots=True)
class Gate:
    """The way from the gateway to one listener of the broker, and what it shows there."""

    guarded: Guarded
    proxy: Proxy
    folder: Path

    @property
    def password_file(self) -> Path:
        """What the gateway logs in with."""
        return self.folder / "password"

    def configuration(self, fault: str) -> str:
        """The lines of [kafka]."""
        login = (
            f'username = "{NEWCOMER if fault == "unknown user" else GATEWAY}"\npassword_file = "{self.password_file}"'
        )
        tls = f'tls = true\nca_file = "{self.guarded.ca_file}"'
        match fault:
            case "TLS is wanted":
                return login
            case "client certificate refused":
                shown = self.folder / "shown"
                return f'{tls}\ncert_file = "{shown}/certificate.pem"\nkey_file = "{shown}/key.pem"'
            case "wrong password, other client":
                return f'{tls}\n{login}\nclient = "confluent"'
        return f"{tls}\n{login}"

    def harm(self, fault: str) -> None:
        """One thing is wrong."""
        self.password_file.write_text(USERS[GATEWAY])
        listener = "GATE"
        match fault:
            case "wrong password" | "wrong password, other client":
                self.password_file.write_text("canary-wrong-55e0")
            case "certificate expired":
                listener = "EXPIRED"
            case "certificate not yet valid":
                listener = "EARLY"
            case "certificate of an unknown authority":
                listener = "STRANGE"
            case "certificate for another host":
                listener = "ELSEWHERE"
            case "client certificate refused":
                certificate(self.folder / "shown", GATEWAY, self.guarded.strangers)
                listener = "MTLS"
        if fault == "TLS where there is none":
            self.proxy.lead_to(int(self.guarded.kafka.bootstrap_servers.rpartition(":")[2]))
        else:
            self.proxy.lead_to(self.guarded.port(listener))
        if fault == "no broker":
            self.proxy.refuse()

    def mend(self, fault: str, rig: Rig) -> None:
        """Everything as it should be."""
        match fault:
            case "unknown user":
                add_user(self.guarded, NEWCOMER, USERS[GATEWAY])
                self.guarded.let_write(NEWCOMER, rig.name)
            case "wrong password" | "wrong password, other client":
                self.password_file.write_text(USERS[GATEWAY])
            case "client certificate refused":
                certificate(self.folder / "shown", GATEWAY, self.guarded.authority)
            case "no permission":
                self.guarded.let_write(GATEWAY, rig.name)
        if fault == "TLS is wanted":
            reload(rig, "username =", f'tls = true\nca_file = "{self.guarded.ca_file}"\nusername =')
        if fault.startswith("certificate") or fault in {"no broker", "TLS where there is none"}:
            self.proxy.lead_to(self.guarded.port("GATE"))


def add_user(guarded: Guarded, name: str, password: str) -> None:
    admin = AdminClient({"bootstrap.servers": guarded.kafka.bootstrap_servers})
    scram = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
    for done in admin.alter_user_scram_credentials(
        [UserScramCredentialUpsertion(name, scram, password.encode())]
    ).values():
        done.result(PATIENCE_S)


@pytest.fixture
def gate(guarded: Guarded, tmp_path: Path) -> Iterator[Gate]:
    with Proxy(guarded.port("GATE")) as proxy:
        yield Gate(guarded, proxy, tmp_path)


def reload(rig: Rig, old: str, new: str, event: str = "reloaded") -> dict[str, str]:
    """Change the configuration and have it read; the fields of what comes of it."""
    text = rig.config.read_text()
    assert old in text
    rig.config.write_text(text.replace(old, new))
    before = rig.gateway.log_since_start().count(f"event={event} ")
    os.kill(rig.gateway.pid, signal.SIGHUP)
    wait_until(lambda: rig.gateway.log_since_start().count(f"event={event} ") > before, PATIENCE_S, f"one more {event}")
    return rig.said(event)


FAULTS = [
    ("wrong password", "does not let us in (user 'pabrik-1': Authentication failed", "login"),
    ("wrong password, other client", "does not let us in (user 'pabrik-1': Authentication failed", "login"),
    ("unknown user", "does not let us in (user 'pabrik-2': Authentication failed", "login"),
    ("certificate expired", "shows a certificate that has expired", "certificate_expired"),
    ("certificate not yet valid", "shows a certificate that is not valid yet", "certificate_not_yet_valid"),
    ("certificate of an unknown authority", "is not trusted here: name the", "certificate_unknown_authority"),
    ("certificate for another host", "shows a certificate for another host", "certificate_wrong_host"),
    ("client certificate refused", "does not accept our certificate", "client_certificate"),
    ("TLS where there is none", "does not speak TLS on this port", "not_tls"),
    ("TLS is wanted", "speaks only TLS on this port: set tls = true", "wants_tls"),
    ("no permission", "this client may not use the topic", "forbidden"),
    ("no broker", "no broker answers at 127.0.0.1:", "no_broker"),
]


@pytest.mark.parametrize(("fault", "told", "kind"), FAULTS, ids=[fault for fault, _, _ in FAULTS])
def test_a_shut_door_is_told_once_and_loses_nothing_when_it_opens(
    gate: Gate, mosquitto: Mosquitto, tmp_path: Path, fault: str, told: str, kind: str
) -> None:
    gate.harm(fault)
    options = {"kafka": gate.configuration(fault)}
    with Rig(tmp_path, gate.guarded.kafka, mosquitto, kafka_port=gate.proxy.port, options=options) as rig:
        if fault != "no permission":
            gate.guarded.let_write(GATEWAY, rig.name)
        rig.gateway.wait_for_line(told, PATIENCE_S)
        assert rig.said("kafka_down")["reason"] == kind
        rig.let_flow(100)
        gate.mend(fault, rig)
        rig.await_everything()
        verdict = rig.verdict()
        log = rig.gateway.log_since_start()
    assert verdict.records > 100
    assert verdict.broken(repeats_allowed=False) == {}
    assert log.count(told) == 1
    assert "Traceback" not in log
    assert "canary" not in log


def test_certificates_are_exchanged_by_a_reload_while_readings_flow(
    gate: Gate, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    shown = tmp_path / "shown"
    certificate(shown, GATEWAY, gate.guarded.authority, not_after=datetime.now(UTC) + timedelta(days=5, hours=1))
    gate.proxy.lead_to(gate.guarded.port("MTLS"))
    options = {"kafka": f'tls = true\nca_file = "{gate.guarded.ca_file}"\n'}
    with Rig(tmp_path, gate.guarded.kafka, mosquitto, kafka_port=gate.proxy.port, options=options) as rig:
        gate.guarded.let_write(GATEWAY, rig.name)
        rig.gateway.wait_for_line("none is configured): check cert_file", PATIENCE_S)
        files = f'cert_file = "{shown}/certificate.pem"\nkey_file = "{shown}/key.pem"'
        changed = reload(rig, "tls = true", f"tls = true\n{files}")
        assert "kafka.cert_file:" in changed["changed"]
        rig.gateway.wait_for_line("event=certificate_ends", PATIENCE_S)
        ending = rig.said("certificate_ends")
        assert (ending["file"], ending["subject"], ending["days_left"]) == (f"{shown}/certificate.pem", GATEWAY, "5")
        rig.await_reading()
        certificate(shown, GATEWAY, gate.guarded.authority)
        rig.let_flow(50)
        reload(rig, "interval_s = 0", "interval_s = 0.0")
        rig.let_flow(50)
        (shown / "key.pem").write_text("no key")
        reload(rig, "interval_s = 0.0", "interval_s = 0", "reload_refused")
        rig.let_flow(50)
        rig.await_everything()
        verdict = rig.verdict()
        log = rig.gateway.log_since_start()
    assert verdict.broken(repeats_allowed=False) == {}
    assert log.count("event=certificate_ends") == 1
    assert "cannot be used" in log
    assert "Traceback" not in log


def test_verify_proves_over_tls_with_a_login_and_says_what_keeps_it_out(
    gate: Gate, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    gate.harm("")
    options = {"kafka": gate.configuration("")}
    with Rig(tmp_path, gate.guarded.kafka, mosquitto, kafka_port=gate.proxy.port, options=options) as rig:
        gate.guarded.let_write(GATEWAY, rig.name)
        rig.let_flow(100)
        rig.await_everything()
        command = [sys.executable, "-m", "gateway", "verify", "--config", str(rig.config)]
        refused = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
        assert (refused.returncode, "Traceback" in refused.stderr) == (69, False), refused.stderr
        assert "may not use the topic" in refused.stderr
        gate.guarded.allow(GATEWAY, {(ResourceType.TOPIC, rig.name): [ACLOperation.READ]})
        proven = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert proven.returncode == 0, proven.stderr
    assert ", 0 missing" in proven.stdout
