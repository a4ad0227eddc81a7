import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.encoders import LineFormat, Printed, encode


@pytest.mark.parametrize(
    ("line_format", "celsius", "resolution_celsius", "text", "says"),
    [
        (LineFormat.ID_VALUE, 70.25, 0.01, "S1 70.25", 70.25),
        (LineFormat.ID_VALUE, 70.0, 0.01, "S1 70.00", 70.0),
        (LineFormat.ID_VALUE, 70.031, 0.0625, "S1 70.0000", 70.0),
        (LineFormat.ID_VALUE, 70.032, 0.0625, "S1 70.0625", 70.0625),
        (LineFormat.ID_VALUE, 90.0113, 0.001, "S1 90.011", 90.011),
        (LineFormat.ID_VALUE, -0.06, 0.1, "S1 -0.1", -0.1),
        (LineFormat.LABELLED, 70.0, 0.01, "sensor_id: S1, suhu: 70°C", 70.0),
        (LineFormat.LABELLED, 70.0, 1.0, "sensor_id: S1, suhu: 70°C", 70.0),
        (LineFormat.LABELLED, 83.404, 0.1, "sensor_id: S1, suhu: 83.4°C", 83.4),
        (LineFormat.SHORT, 70.25, 0.01, "T=70.2C", 70.2),
        (LineFormat.SHORT, 70.0625, 0.0625, "T=70.1C", 70.1),
        (LineFormat.JSON, 70.25, 0.01, '{"sensor_id":"S1","suhu":70.25}', 70.25),
        (LineFormat.JSON, 70.0, 0.01, '{"sensor_id":"S1","suhu":70.0}', 70.0),
        (LineFormat.NUMBER, 70.25, 0.01, "70.25", 70.25),
    ],
)
def test_text_and_the_number_it_says(
    line_format: LineFormat, celsius: float, resolution_celsius: float, text: str, says: float
) -> None:
    assert encode(line_format, "S1", celsius, resolution_celsius) == Printed(text, says)


def test_degree_sign_is_two_bytes_on_the_wire() -> None:
    printed = encode(LineFormat.LABELLED, "S1", 70.0, 0.01)
    assert printed.text.encode() == b"sensor_id: S1, suhu: 70\xc2\xb0C"


@given(celsius=st.floats(-273.15, 2500), resolution=st.sampled_from([0.001, 0.01, 0.0625, 0.1, 0.5, 1.0]))
def test_printed_number_is_the_nearest_step(celsius: float, resolution: float) -> None:
    printed = encode(LineFormat.JSON, "S1", celsius, resolution)
    assert json.loads(printed.text)["suhu"] == printed.celsius
    assert abs(printed.celsius - celsius) <= resolution / 2 + 1e-9
