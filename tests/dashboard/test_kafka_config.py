import ssl
from pathlib import Path

import pytest
import trustme

from dashboard.errors import ConfigError
from dashboard.kafka_config import read_kafka_config
from tests.certificates import certificate

LOGIN = 'org.apache.kafka.common.security.scram.ScramLoginModule required username="u" password="geheim-7";'


def test_without_a_file_kafka_lets_everybody_in() -> None:
    assert read_kafka_config(None).client_settings() == {"security_protocol": "PLAINTEXT"}


def test_tls_with_a_login(tmp_path: Path) -> None:
    files = certificate(tmp_path / "broker", "127.0.0.1", trustme.CA())
    file = tmp_path / "client.properties"
    file.write_text(
        "# how we get in\nsecurity.protocol=SASL_SSL\nssl.truststore.type=PEM\n"
        f"ssl.truststore.location={files.authority}\nsasl.mechanism = SCRAM-SHA-512\nsasl.jaas.config={LOGIN}\n"
    )
    found = read_kafka_config(file)
    settings = found.client_settings()
    context = settings.pop("ssl_context")
    assert settings == {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "u",
        "sasl_plain_password": "geheim-7",
    }
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert "geheim-7" not in repr(found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("security.protocol=TLS", "must be one of PLAINTEXT, SSL"),
        ("no equals", "line 1"),
        ("ssl.endpoint.identification.algorithm=", "line 1"),
        ("security.protocol=SSL\nssl.truststore.type=JKS\nssl.truststore.location=x", "must be PEM"),
        ("security.protocol=SSL\nssl.truststore.location=x", "its type and its location"),
        ("security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.location=/none", "cannot be used"),
        ("security.protocol=SASL_SSL\nsasl.mechanism=GSSAPI", "sasl.mechanism must be one of"),
        ("security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.jaas.config=com.sun.JndiLoginModule x", "LoginModule"),
    ],
)
def test_mistakes_are_told_without_secrets(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "client.properties"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_kafka_config(file)
    assert words in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_kafka_config(tmp_path / "none")
