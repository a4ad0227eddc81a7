import importlib.util
import os
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.preflight import find_java

PROJECT = Path(__file__).resolve().parent.parent
FETCHED = PROJECT / ".fetched"  # everything that comes from a registry and is not Python; git-ignored


def jars(configuration: str) -> list[Path]:
    """List the fetched jars of one configuration of ivy.xml (`broker` or `spark`), sorted by name.

    Raises:
        SandboxError: nothing has been fetched yet.
    """
    folder = FETCHED / "lib" / configuration
    found = sorted(folder.glob("*.jar"))
    if not found:
        raise SandboxError(f"No jars in {folder}: run `make setup` first, it fetches them.")
    return found


def java() -> str:
    """Find Java, which preflight has checked.

    Raises:
        SandboxError: there is none.
    """
    found = find_java(dict(os.environ))
    if found is None:
        raise SandboxError("Java was not found: run `make preflight`, it says what to install.")
    return found


def pyspark_home() -> Path:
    """Find the installed Spark without importing it, which takes a while.

    Raises:
        SandboxError: it is not installed.
    """
    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None:
        raise SandboxError("pyspark is not installed: run `make setup`, and use the Python in .venv.")
    return Path(found.origin).parent
