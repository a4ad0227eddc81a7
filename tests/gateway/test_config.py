import copy
import re
import tomllib
from pathlib import Path

import pytest

from gateway.config import Config, check, load, require_files
from gateway.errors import ConfigError
from gateway.sources.csv_options import CsvOptions
from gateway.sources.modbus_options import ModbusDevice

SAMPLE = Path(__file__).parents[2] / "docs" / "gateway.toml"
LOGIN = 'username = "u"\npassword_file = "/nowhere/password"'
KAFKA_EXAMPLES = {"tls", "ca_file", "cert_file", "key_file", "username", "password_file"}
MQTT_EXAMPLES = {"client_id", "tls", "username", "password_file", "ca_file", "cert_file", "key_file", "devices"}
SERIAL_EXAMPLES = {
    "id",
    "path",
    "port",
    "sensor_id",
    "client_id",
    "device",
    "decimal",
    "unit",
    "terminator",
    "id_column",
    "pattern",
}
ONLY_MQTT = {
    "json_paths",
    "list",
    "id",
    "value",
    "quality",
    "quality_ok",
    "tags",
}  # keys of a device that no port takes
CSV_EXAMPLES = set(CsvOptions.model_fields) - {"follow", "time", "start"}
HTTP_EXAMPLES = {"url", "sensor_id", "token_file", "token_env", "ca_file"}
EXAMPLES = {
    "serial": SERIAL_EXAMPLES,
    "kafka": KAFKA_EXAMPLES,
    "mqtt": MQTT_EXAMPLES,
    "modbus": {"port", "host", "devices"},
    "csv": CSV_EXAMPLES,
    "http": HTTP_EXAMPLES,
    "http_server": HTTP_EXAMPLES,
}


def test_the_sample_file_loads() -> None:
    config = load(SAMPLE)
    assert config.gateway.id == "pabrik-1"
    assert config.serial[0].sensor_id == "tungku-1"
    assert config.mqtt[0].topics == ["suhu/{sensor_id}"]


def test_the_sample_file_names_every_key_and_its_defaults_are_true(monkeypatch: pytest.MonkeyPatch) -> None:
    # Uncomment every `# key = value` and `# [table]` line: that must be the documented default configuration.
    text = re.sub(r"^# (?=[a-z_]+ = |\[)", "", SAMPLE.read_text(), flags=re.MULTILINE)
    document = tomllib.loads(text)
    document["mqtt"][0]["tls"] = document["kafka"]["tls"] = True  # without it, keys of certificates are a mistake
    checked = copy.deepcopy(document)
    for table in (checked["http"][0], checked["http_server"]):
        del table["token_env"]  # the other of two places for one secret
    del checked["modbus"][0]["host"]  # a serial line has none
    config = check(checked, "sample")
    assert set(document) == set(Config.model_fields)
    for name, table in document.items():
        section = table[0] if isinstance(table, list) else table
        model = getattr(config, name)
        model = model[0] if isinstance(model, list) else model
        assert set(section) == set(type(model).model_fields) - (ONLY_MQTT if name == "serial" else set()), name
        chosen = EXAMPLES.get(name, {"id", "path"})
        for key, value in section.items():
            default = type(model).model_fields[key].get_default(call_default_factory=True, validated_data={})
            assert key in chosen or value == default, f"{name}.{key}"
    (asked,) = document["modbus"][0]["devices"]
    assert set(asked) == set(ModbusDevice.model_fields)
    for key in set(asked) - {"name", "start", "count", "fields"}:
        assert asked[key] == ModbusDevice.model_fields[key].default, key
    assert "# tls = false\n" in SAMPLE.read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[gateway]\nid = "a b"', "gateway.id: 1 to 64 letters"),
        ("[gateway]\nintervall = 1", "gateway.intervall: there is no such key"),
        ("[gateway]\ninterval_s = -1", "gateway.interval_s: "),
        ("[gateway]\ninterval_s = nan", "gateway.interval_s: "),
        ('[[serial]]\nport = "/dev/a"\n[[serial]]\nbaudrate = 9600', "serial[2].port: this key is required"),
        ('[[serial]]\nport = "/dev/a"\n[[serial]]\nport = "/dev/a"', "the port /dev/a is configured twice"),
        ('[[serial]]\nport = "/dev/a"\ndecoder = "senml"', "serial[1].decoder: the decoder 'senml' is for MQTT"),
        ('[[serial]]\nport = "/dev/a"\ntags = {}', "serial[1]: the key 'tags' is for MQTT"),
        ('[[serial]]\nport = "/dev/a"\ndecoder = "csv"', "serial[1]: decoder 'csv' needs the key 'columns'"),
        ('[[serial]]\nport = "/dev/a"\ndevice = "ds18b02"', "serial[1].device: no profile of that name; there are "),
        ('[[serial]]\nport = "/dev/a"\npattern = "(?P<x>.)"', "serial[1].pattern: the temperature must be in a group"),
        ('[[mqtt]]\ntopics = ["#"]', "mqtt[1].topics: '#' alone"),
        ('[[mqtt]]\ntopics = ["a/b+"]', "mqtt[1].topics: 'a/b+'"),
        ('[[mqtt]]\ntopics = ["{sensor_id}/{sensor_id}"]', "has {sensor_id} twice"),
        ('[[mqtt]]\nusername = "u"\npassword = "hunter2"', "mqtt[1]: a password does not belong into this file"),
        ('[[mqtt]]\nhost = "mqtt://u:hunter2@broker"', "mqtt[1].host: this is no host name"),
        ('[[mqtt]]\npassword_file = "/p"', "mqtt[1]: password_file without username"),
        (f'[[mqtt]]\nhost = "10.0.0.7"\n{LOGIN}', "mqtt[1]: the password would go to 10.0.0.7 in the clear"),
        (f'[[mqtt]]\nhost = "127.0.0.1.evil.example"\n{LOGIN}', "in the clear: set tls = true"),
        ('[[mqtt]]\nca_file = "/ca.pem"', "mqtt[1]: ca_file and cert_file have a meaning only with tls = true"),
        ('[[mqtt]]\ntls = true\ncert_file = "/c.pem"', "mqtt[1]: cert_file and key_file go together"),
        ('[[mqtt]]\nprotocol = "3"', "mqtt[1].protocol: "),
        ('[[mqtt]]\n[[mqtt.devices]]\nsensor_id = "a"', "mqtt[1].devices[1].topics: this key is required"),
        ('[[mqtt]]\n[[mqtt.devices]]\ntopics = ["#"]', "mqtt[1].devices[1].topics: '#' alone"),
        ('[[mqtt]]\n[[mqtt.devices]]\ntopics = ["a"]\nscales = 1', "mqtt[1].devices[1].scales: there is no such key"),
        ('[[csv]]\npath = "a.csv"\n[[csv]]\npath = "./a.csv"', "a.csv is configured twice"),
        ('[[csv]]\npath = "a.csv.gz"\nfollow = true', "csv[1]: a compressed file cannot be followed"),
        ('[[csv]]\npath = "a.csv"\nseparator = ","\ndecimal = ","', "csv[1]: separator and decimal are both ','"),
        ('[[csv]]\npath = "a.csv"\ntimezone = "Mars"', "csv[1].timezone: 'Mars' is no time zone"),
        ('[[csv]]\npath = "a.csv"\nspeed = -1', "csv[1].speed: "),
        ('[[http]]\nurl = "ftp://a/"', "http[1].url: 'ftp://a/' is no address such as"),
        ('[[http]]\nurl = "http://u:hunter2@a/"', "http[1].url: no password in the address"),
        ('[[http]]\nurl = "http://a/"\ntoken_env = "T"', "http[1]: a token would cross the network in the clear"),
        ('[[http]]\nurl = "https://a/"\ntoken_env = "T"\ntoken_file = "/t"', "http[1]: token_file and token_env are"),
        (
            '[[http]]\nurl = "https://a/"\nheaders = {"a b" = "c"}',
            "http[1].headers: 'a b' or what it carries is no HTTP",
        ),
        ('[http_server]\nlisten = "0.0.0.0:8686"', "http_server: 0.0.0.0:8686 is open to the network"),
        ('[http_server]\nlisten = "8686"', "http_server.listen: '8686' is not host:port"),
        ('[kafka]\nbootstrap_servers = ["kafka"]', "'kafka' is not host:port"),
        ('[kafka]\nbootstrap_servers = ["kafka:99999"]', "'kafka:99999' is not host:port"),
        ("[kafka\n", "not valid TOML"),
        ('[simulator]\nsensors = ["S1", "S1"]', "simulator.sensors: the same sensor twice"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_place(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text("[gateway]\nx = 1\ny = 2\n")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert len(str(caught.value).splitlines()) == 2


def test_a_missing_or_binary_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "none.toml")
    (tmp_path / "bin").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(tmp_path / "bin")


@pytest.mark.parametrize(
    "way",
    [
        {"host": "localhost"},
        {"host": "127.0.0.2"},
        {"host": "::1"},
        {"host": "broker.example", "tls": True},
        {"host": "broker.example", "allow_plaintext": True},
    ],
)
def test_a_password_may_go_where_nobody_can_read_it_or_where_that_is_permitted(way: dict[str, object]) -> None:
    config = check({"mqtt": [{"username": "u", "password_file": "/p", **way}]}, "test")
    assert config.mqtt[0].password_file == Path("/p")


def test_tls_has_a_port_of_its_own_unless_one_is_given() -> None:
    ways: list[dict[str, object]] = [{}, {"tls": True}, {"tls": True, "port": 8884}]
    assert [broker.port for broker in check({"mqtt": ways}, "test").mqtt] == [1883, 8883, 8884]


def test_under_systemd_a_relative_secret_is_a_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = check({"mqtt": [{}, {"username": "u", "password_file": "mqtt"}]}, "test")
    with pytest.raises(ConfigError, match=r"^mqtt\[2\]\.password_file: mqtt is relative: give the whole path"):
        require_files(config)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(ConfigError, match=f"^mqtt.2..password_file: {tmp_path}/mqtt: No such file or directory: it"):
        require_files(config)
    (tmp_path / "mqtt").write_text("x")
    require_files(config)
    assert config.mqtt[1].files() == {"password_file": tmp_path / "mqtt"}


def test_under_systemd_the_journal_is_in_the_state_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/suhu-gateway")
    assert Config().journal.path == Path("/var/lib/suhu-gateway/journal.db")
