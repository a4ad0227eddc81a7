"""`make fuzz`: coverage-guided bytes against the decoders of serial ports and MQTT messages, until something breaks.

Broken is: any exception, a second of work for one input, memory without bound, a temperature outside of
what a sensor can measure, or another result when the same bytes arrive in other pieces.
"""

import argparse
import importlib.util
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

CASES = Path(__file__).parents[1] / "tests" / "gateway" / "decode"
MAX_BYTES = 4_096
MEMORY_MB = 1_024  # of the whole process; atheris itself takes a part of it
HANG_S = 1


def cases() -> list[dict[str, Any]]:
    """Every case of the decoders' tests: their devices are fuzzed, and their bytes are where the fuzzer starts."""
    return [json.loads(line) for path in sorted(CASES.glob("cases_*.jsonl")) for line in path.read_text().splitlines()]


def write_seeds(folder: Path, known: list[dict[str, Any]]) -> None:
    """One file per case: which case's device, the size of the pieces, the bytes."""
    for number, case in enumerate(known):
        raw = bytes.fromhex(case["payload_hex"]) if "payload_hex" in case else case["payload"].encode()
        (folder / f"{number:04d}").write_bytes(number.to_bytes(2, "big") + b"\x03" + raw)


def main() -> int:
    """Fuzz for the given time; the exit code is not 0 when something broke, and the input is kept in bench/out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    seconds = parser.parse_args().seconds
    if importlib.util.find_spec("atheris") is None:
        print(
            "fuzz: atheris is not installed: pip install atheris (Linux and macOS, Python 3.11 to 3.13)",
            file=sys.stderr,
        )
        return 69
    import atheris

    with atheris.instrument_imports(include=["gateway.decode", "gateway.framing"]):
        from gateway.decode import Device, PortDecoder, TopicDecoder

    known = cases()
    devices = [Device.model_validate({k: v for k, v in (case["hint"] or {}).items() if k != "prior"}) for case in known]

    def decode_port(device: Any, parts: list[bytes]) -> tuple[Any, ...]:
        port = PortDecoder(device, "port")
        port.reset(partial=False)
        answers = [port.feed(part) for part in parts] + [port.end()]
        found = [one for answer in answers for one in answer.found]
        refused = sorted((one.reason, one.raw) for answer in answers for one in answer.refused)
        return found, refused

    def one_input(data: bytes) -> None:
        if len(data) < 4:
            return
        number = int.from_bytes(data[:2], "big") % len(known)
        size, stream = data[2] % 16 + 1, data[3:]
        topic = known[number].get("topic")
        if topic is not None:
            found = TopicDecoder(devices[number]).decode(topic, stream).found
        else:
            found, refused = decode_port(devices[number], [stream])
            cut = decode_port(devices[number], [stream[at : at + size] for at in range(0, len(stream), size)])
            assert cut == (found, refused), "the result depends on the pieces"
        assert all(-273.15 <= one.celsius <= 10_000 and one.sensor_id for one in found), found

    out = Path(__file__).parent / "out"
    out.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        write_seeds(Path(folder), known)
        limits = [
            f"-max_total_time={seconds}",
            f"-max_len={MAX_BYTES}",
            f"-rss_limit_mb={MEMORY_MB}",
            f"-timeout={HANG_S}",
        ]
        atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={out}/fuzz-", folder], one_input)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
