import pytest

from tests.dashboard.plant.examples import NOON_MS
from tests.dashboard.web.stage import browse, get


def test_the_last_hour_of_a_sensor() -> None:
    assert get("/api/recent/S1").json() == {"t": [NOON_MS / 1000], "celsius": [50.5]}
    assert get("/api/recent/a%2Fb%20%C2%B0").json() == {"t": [NOON_MS / 1000], "celsius": [60.5]}


@pytest.mark.parametrize("name", ["S9", "%3Cscript%3E", "..%2f..%2fetc%2fpasswd", "%00", "x" * 3000])
def test_a_sensor_that_nobody_knows(name: str) -> None:
    answer = get(f"/api/recent/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")


def test_the_chart_comes_from_the_installed_package() -> None:
    assert "uPlot" in get("/vendor/uplot.js").text
    assert get("/vendor/uplot.js").headers["content-type"].startswith("text/javascript")
    assert get("/vendor/uplot.css").headers["content-type"].startswith("text/css")
    assert get("/vendor/__init__.py").status_code == 404


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd", "/static/"]
)
def test_only_what_is_in_the_folder_is_served(path: str) -> None:
    assert get(path).status_code == 404


def test_what_is_not_there_is_told_in_json() -> None:
    answer = get("/nothing")
    assert (answer.status_code, answer.json()) == (404, {"error": "there is nothing here"})


def test_health_and_metrics() -> None:
    assert get("/healthz").text == "ok\n"
    assert "suhu_dashboard_sensors 1.0" in get("/metrics").text


def test_asking_for_the_head_of_the_stream_opens_none() -> None:
    answer = browse(lambda client: client.head("/events"))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")


def test_the_page_is_in_the_readers_language() -> None:
    answer = get("/", {"accept-language": "id-ID,id;q=0.9"})
    assert answer.status_code == 200
    assert answer.headers["content-language"] in {"id", "en"}
    assert f'lang="{answer.headers["content-language"]}"' in answer.text
