"""Where secrets come from: files, systemd's credentials; never the configuration itself, never the command line."""

import os
from collections.abc import Mapping
from pathlib import Path

from gateway.errors import ConfigError


def credential(name: str, environment: Mapping[str, str] = os.environ) -> Path | None:
    """Where systemd has put the credential of this name (LoadCredential=); None when it runs nothing of ours."""
    folder = environment.get("CREDENTIALS_DIRECTORY")
    return None if folder is None else Path(folder) / name


def readable(path: Path, key: str) -> Path:
    """Where a file is that the configuration names; a relative path is the name of a systemd credential.

    Raises:
        ConfigError: it cannot be read by this process; begins with the key.
    """
    if not path.is_absolute():
        found = credential(str(path))
        if found is None:
            raise ConfigError(
                f"{key}: {path} is relative: give the whole path, or pass it in with systemd's LoadCredential={path}:…"
            )
        path = found
    try:
        path.open("rb").close()
    except OSError as exc:
        raise ConfigError(
            f"{key}: {path}: {exc.strerror or exc}: it must be there, and the gateway's user may read it"
        ) from exc
    return path
