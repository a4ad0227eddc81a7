import shutil
from pathlib import Path

import pytest

from sandbox import fetch, jars
from sandbox.errors import SandboxError
from sandbox.fetched import FETCHED


@pytest.fixture
def fetched(tmp_path: Path) -> Path:
    """What `make setup` has fetched, to do harm to."""
    shutil.copytree(FETCHED / "lib", tmp_path / "lib")
    (tmp_path / "ivy").mkdir()
    return tmp_path


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")


def test_one_flipped_byte_is_caught_and_nothing_of_it_is_kept(fetched: Path) -> None:
    jar = fetched / "lib" / "broker" / "kafka-clients-4.3.1.jar"
    content = bytearray(jar.read_bytes())
    content[5_000_000] ^= 1
    jar.write_bytes(content)
    with pytest.raises(SandboxError) as caught:
        fetch.verify(fetched, jars.read_lock())
    assert str(caught.value).startswith(
        "The fetched jars are not those of jars.sha256: "
        "broker/kafka-clients-4.3.1.jar has other content than the lock. They have been deleted: run the same"
    )
    assert not (fetched / "lib").exists()
    assert not (fetched / "ivy").exists()


@pytest.mark.usefixtures("no_network")
def test_a_stamped_folder_is_not_fetched_again(fetched: Path) -> None:
    shutil.copy(FETCHED / "stamp", fetched)
    fetch.fetch_jars(fetched)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("harm", ["no stamp", "other recipe", "jar gone"])
def test_anything_less_is_fetched_again_and_says_when_it_cannot(fetched: Path, harm: str) -> None:
    if harm != "no stamp":
        shutil.copy(FETCHED / "stamp", fetched)
    if harm == "other recipe":
        (fetched / "stamp").write_text("of an older ivy.xml")
    if harm == "jar gone":
        (fetched / "lib" / "spark" / "kafka-clients-3.9.2.jar").unlink()
    with pytest.raises(SandboxError) as caught:
        fetch.fetch_jars(fetched)
    assert str(caught.value) == (
        "Fetching the jars of Kafka and Spark's connector failed, the package registry cannot be reached: "
        "check the network connection (behind a proxy, set https_proxy), then run the same command again; "
        f"all its words are in {fetched}/ivy.log."
    )
    assert not (fetched / "stamp").exists()


@pytest.mark.parametrize(
    ("environ", "options"),
    [
        ({}, []),
        ({"https_proxy": "http://proxy.pabrik:3128"}, ["-Dhttps.proxyHost=proxy.pabrik", "-Dhttps.proxyPort=3128"]),
        ({"HTTPS_PROXY": "http://proxy.pabrik"}, ["-Dhttps.proxyHost=proxy.pabrik", "-Dhttps.proxyPort=8080"]),
    ],
)
def test_java_is_told_of_the_proxy(environ: dict[str, str], options: list[str]) -> None:
    assert fetch.proxy_options(environ) == options
