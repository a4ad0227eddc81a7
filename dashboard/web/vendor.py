import importlib.util
from pathlib import Path

from dashboard.errors import Unavailable

FILES = {"uplot.js": "uPlot.iife.js", "uplot.css": "uPlot.min.css"}


def vendor_files() -> dict[str, Path]:
    """Where the chart's script and style are, in the installed package; it is not imported.

    Raises:
        Unavailable: it is not installed.
    """
    found = importlib.util.find_spec("uplot")
    folder = Path(found.origin).parent / "static" if found and found.origin else None
    if folder is None or not all((folder / file).is_file() for file in FILES.values()):
        raise Unavailable("uplot-python is not installed: pip install 'suhu-gateway[dashboard]'")
    return {name: folder / file for name, file in FILES.items()}
