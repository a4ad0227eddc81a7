import json
from pathlib import Path

from click.testing import CliRunner, Result

from gateway.cli import main


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["decode", *arguments])


def test_a_message_is_explained() -> None:
    result = run("--topic", "tele/t1/SENSOR", "--explain", '{"DS18B20":{"Id":"0305","Temperature":85.0}}')
    assert result.output == "0305: 85 °C (suspect)   by tasmota\n"


def test_what_is_refused_is_said_with_its_reason() -> None:
    result = run("--topic", "zigbee2mqtt/oven/set", '{"temperature":70}')
    assert result.exit_code == 65
    assert result.output.startswith("rejected (command): ")


def test_cases_are_answered_in_order_and_a_bad_hint_costs_no_other(tmp_path: Path) -> None:
    cases = [
        {"id": "a", "topic": "x", "payload": "70", "hint": {"nonsense": 1}},
        {"id": "b", "topic": "a/b", "payload": "212",
         "hint": {"prior": 'h/sensor/b/config = {"stat_t":"a/b","unit_of_meas":"°F","dev_cla":"temperature"}'}},
        {"id": "c", "topic": "spBv1.0/P/DDATA/E", "payload_hex": "1203100318",
         "hint": {"prior": ["spBv1.0/P/NDEATH/E = 0801"]}},
    ]  # fmt: skip
    path = tmp_path / "cases.jsonl"
    path.write_text("".join(json.dumps(case) + "\n" for case in cases))
    answers = [json.loads(line) for line in run("--cases", str(path)).output.splitlines()]
    assert [answer["id"] for answer in answers] == ["a", "b", "c"]
    assert answers[0]["rejected"][0]["reason"] == "bad_configuration"
    assert answers[1]["readings"] == [{"sensor_id": "a/b", "suhu_c": 100.0}]
    assert answers[2]["readings"] == []
