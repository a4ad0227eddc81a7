import re

import pytest

from dashboard.events import say


def test_one_line_for_each_event(capsys: pytest.CaptureFixture[str]) -> None:
    say("kafka_down", reason='no "answer"\nat all', retry_in_s=0.5, left_out=None)
    line = capsys.readouterr().err
    assert re.fullmatch(
        r"timestamp=\S+T\S+\.\d{3}Z event=kafka_down reason=\"no \\\"answer\\\"\\nat all\" retry_in_s=0\.5\n", line
    )
