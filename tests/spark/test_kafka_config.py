import ssl
from pathlib import Path

import pytest
import trustme
from suhu_jobs.errors import UsageError
from suhu_jobs.kafka_config import KafkaConfig, read_kafka_config

from tests.certificates import certificate, keystore

SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule required username="alerts" password="canary-1=;x";'
LOGIN = f"sasl.mechanism=SCRAM-SHA-512\nsasl.jaas.config={SCRAM}"


def read(folder: Path, text: str) -> KafkaConfig:
    path = folder / "kafka.properties"
    path.write_text(text)
    return read_kafka_config(path)


def test_the_same_lines_let_both_kinds_of_clients_in(tmp_path: Path) -> None:
    ours = certificate(tmp_path / "c", "alerts", trustme.CA())
    stores = (
        f"ssl.truststore.type = PEM\nssl.truststore.location = {ours.authority}\n"
        f"ssl.keystore.type=PEM\nssl.keystore.location={keystore(ours)}\n"
    )
    config = read(tmp_path, f"# for the alert job\n\nsecurity.protocol=SASL_SSL\n{stores}{LOGIN}\n")
    assert config.for_spark()["kafka.security.protocol"] == "SASL_SSL"
    assert config.for_spark()["kafka.sasl.jaas.config"] == SCRAM
    assert config.for_spark()["kafka.ssl.truststore.location"] == str(ours.authority)
    python = config.for_python()
    context = python.pop("ssl_context")
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert len(context.get_ca_certs()) == 1
    assert python == {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "alerts",
        "sasl_plain_password": "canary-1=;x",
    }
    assert "canary" not in repr(config)


def test_without_a_file_nothing_is_shown() -> None:
    assert KafkaConfig().for_spark() == {}
    assert KafkaConfig().for_python() == {"security_protocol": "PLAINTEXT"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("security.protocol=TLS", "security.protocol must be one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"),
        ("ssl.endpoint.identification.algorithm=", "line 1: expected one of sasl.jaas.config, sasl.mechanism, "),
        ("\nsasl.oauthbearer.token.endpoint.url=file:///etc/passwd", "line 2: expected one of"),
        ("canary-1", "line 1: expected one of"),
        (
            "ssl.truststore.type=JKS\nssl.truststore.location=/x",
            "ssl.keystore.type must be PEM",
        ),
        ("ssl.truststore.location=/x", "a store needs its type and its location"),
        ("security.protocol=SASL_SSL", "sasl.mechanism must be one of SCRAM-SHA-512, SCRAM-SHA-256, PLAIN"),
        ("security.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER", "sasl.mechanism must be one of"),
        (
            "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\n"
            'sasl.jaas.config=com.sun.security.auth.module.JndiLoginModule required username="u" password="canary-1";',
            "sasl.jaas.config must be a ScramLoginModule or PlainLoginModule with username and password",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_and_not_shown(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(tmp_path, text)
    assert told in str(refused.value)
    assert str(refused.value).startswith(f"--kafka-config {tmp_path}/kafka.properties")
    assert "canary" not in str(refused.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="none: No such file or directory: it must be there"):
        read_kafka_config(tmp_path / "none")
