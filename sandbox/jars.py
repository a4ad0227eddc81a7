"""The hashed lock of the JVM part: `jars.sha256`, in the format of `sha256sum --check`."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

LOCK = Path(__file__).parent / "jars.sha256"


def read_lock(lock: Path = LOCK) -> dict[str, str]:
    """Read the lock: the sha256 of each jar by its path below `lib/`, as `broker/kafka-clients-4.3.1.jar`."""
    lines = (line.split(maxsplit=1) for line in lock.read_text().splitlines() if line)
    return {path: digest for digest, path in lines}


def write_lock(lib: Path, lock: Path = LOCK) -> int:
    """Write the lock from the jars below `lib`, and return how many there are."""
    found = _jars_below(lib)
    lock.write_text("".join(f"{_sha256(lib / path)}  {path}\n" for path in found))
    return len(found)


def missing(lib: Path, expected: Mapping[str, str]) -> list[str]:
    """Name the locked jars that are not there; cheap enough to ask at every start."""
    return [path for path in expected if not (lib / path).is_file()]


def problems(lib: Path, expected: Mapping[str, str]) -> list[str]:
    """Say in what `lib` differs from the lock, one phrase a jar; empty when every byte is as locked."""
    found = set(_jars_below(lib))
    return [
        *(f"{path} is missing" for path in missing(lib, expected)),
        *(f"{path} is not in the lock" for path in sorted(found - expected.keys())),
        *(
            f"{path} has other content than the lock"
            for path in sorted(found & expected.keys())
            if _sha256(lib / path) != expected[path]
        ),
    ]


def _jars_below(lib: Path) -> list[str]:
    return sorted(jar.relative_to(lib).as_posix() for jar in lib.rglob("*.jar"))


def _sha256(jar: Path) -> str:
    with jar.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
