import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.errors import SourceLost
from gateway.model import Delivery, Reading
from gateway.sources.http_options import HttpServerOptions
from gateway.sources.http_posts import MAX_WAITING, HttpPostSource

MOMENT = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
LISTEN = "127.0.0.1:0"


class Taker:
    """Stands in for the pipeline: takes deliveries, and acknowledges those it is told to."""

    def __init__(self, *, acknowledges: bool = True) -> None:
        self.taken: list[Delivery] = []
        self.acknowledges = acknowledges

    def readings(self) -> list[Reading]:
        return [reading for one in self.taken for reading in one.readings]


def serve(
    taker: Taker, talk: Callable[[httpx.AsyncClient], Awaitable[Any]], commit_s: float = 10.0, **options: object
) -> Any:
    async def scenario() -> Any:
        source = HttpPostSource(
            HttpServerOptions.model_validate({"listen": LISTEN, **options}), now=lambda: MOMENT, commit_s=commit_s
        )
        async with source.open() as deliveries:

            async def take() -> None:
                async for delivery in deliveries:
                    taker.taken.append(delivery)
                    if taker.acknowledges:
                        delivery.ack()

            taking = asyncio.create_task(take())
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{source.port}", trust_env=False) as client:
                answer = await talk(client)
            taking.cancel()
            return answer

    return asyncio.run(scenario())


def post(taker: Taker, body: object, path: str = "/readings", **options: object) -> tuple[int, dict[str, Any]]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def talk(client: httpx.AsyncClient) -> tuple[int, dict[str, Any]]:
        response = await client.post(path, content=content)
        return response.status_code, response.json()

    answer: tuple[int, dict[str, Any]] = serve(taker, talk, **options)  # type: ignore[arg-type]  # names of options
    return answer


def test_readings_are_accepted() -> None:
    taker = Taker()
    assert post(taker, [{"sensor_id": "S1", "suhu": 70.2}, {"sensor_id": "S2", "temperature_f": 158}]) == (
        200,
        {"accepted": 2, "rejected": []},
    )
    assert taker.readings() == [Reading("S1", 70.2, MOMENT, "http"), Reading("S2", 70.0, MOMENT, "http")]


def test_the_path_names_the_sensor_of_a_body_that_does_not() -> None:
    taker = Taker()
    post(taker, {"suhu": 70.2}, "/readings/tungku%201")
    post(taker, {"suhu": 70.2}, sensor_id="kiln")
    assert [one.sensor_id for one in taker.readings()] == ["tungku 1", "kiln"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "bad_json"),
        (b"S1 70.25", "bad_json"),
        (b"<html>70 \xc2\xb0C</html>", "bad_json"),
        (b'{"sensor_id":"S1","suhu":NaN}', "bad_json"),
        (b'{"sensor_id":"S1","suhu":"hot"}', "bad_number"),
        (b'{"sensor_id":"S1","humidity":70}', "no_temperature"),
        (b'{"suhu":70}', "bad_sensor_id"),
        (b"[" * 5_000, "too_deep"),
        (b'{"sensor_id":"S1","suhu":70', "bad_json"),
    ],
)
def test_a_bad_body_is_refused_with_cause_and_remedy_and_counted(body: bytes, error: str) -> None:
    taker = Taker()
    status, answer = post(taker, body)
    assert (status, answer["error"], answer["accepted"]) == (400, error, 0)
    assert answer["detail"]
    assert answer["remedy"].startswith("send {")
    assert [(one.readings, [bad.reason for bad in one.rejected]) for one in taker.taken] == [((), [error])]


def test_a_body_above_64_kib_is_too_large() -> None:
    assert post(Taker(), b"[" + b" " * 70_000 + b"]")[0] == 413


def test_nothing_is_answered_before_the_acknowledgement() -> None:
    async def talk(client: httpx.AsyncClient) -> tuple[bool, int]:
        request = asyncio.ensure_future(client.post("/readings", json={"sensor_id": "S1", "suhu": 70}))
        while not taker.taken:
            await asyncio.sleep(0)
        early, _ = await asyncio.wait([request], timeout=0.3)
        taker.taken[0].ack()
        return bool(early), (await request).status_code

    taker = Taker(acknowledges=False)
    assert serve(taker, talk) == (False, 200)


def test_what_is_not_durable_in_time_is_to_be_sent_again_and_a_late_commit_does_no_harm() -> None:
    async def talk(client: httpx.AsyncClient) -> tuple[int, str, int]:
        first = await client.post("/readings", json={"sensor_id": "S1", "suhu": 70})
        taker.taken[0].ack()
        taker.acknowledges = True
        second = await client.post("/readings", json={"sensor_id": "S1", "suhu": 70})
        return first.status_code, first.headers["retry-after"], second.status_code

    taker = Taker(acknowledges=False)
    assert serve(taker, talk, commit_s=0.2) == (503, "10", 200)


def test_more_than_the_disk_can_take_is_refused_at_once() -> None:
    async def talk(client: httpx.AsyncClient) -> tuple[int, str, set[int]]:
        requests = [
            asyncio.ensure_future(client.post("/readings", json={"sensor_id": "S1", "suhu": 70}))
            for _ in range(MAX_WAITING)
        ]
        while len(taker.taken) < MAX_WAITING:
            await asyncio.sleep(0)
        crowded = await client.post("/readings", json={"sensor_id": "S1", "suhu": 70})
        for one in taker.taken:
            one.ack()
        return crowded.status_code, crowded.json()["error"], {(await one).status_code for one in requests}

    taker = Taker(acknowledges=False)
    assert serve(taker, talk) == (503, "busy", {200})


def test_other_paths_methods_and_web_pages_are_refused() -> None:
    async def talk(client: httpx.AsyncClient) -> list[int]:
        reading = {"sensor_id": "S1", "suhu": 70}
        return [
            (await client.post("/", json=reading)).status_code,
            (await client.get("/readings")).status_code,
            (await client.post("/readings", json=reading, headers={"Origin": "https://evil.example"})).status_code,
        ]

    taker = Taker()
    assert serve(taker, talk) == [404, 405, 403]
    assert taker.taken == []


def test_a_configured_token_is_required(tmp_path: Path) -> None:
    async def talk(client: httpx.AsyncClient) -> list[int]:
        tokens = [None, "Bearer wrong", "Bearer s3cret", "s3cret ä".encode("latin-1").decode("latin-1")]
        return [
            (
                await client.post(
                    "/readings",
                    json={"sensor_id": "S1", "suhu": 70},
                    headers=[] if token is None else [(b"Authorization", token.encode("latin-1"))],  # type: ignore[arg-type]  # bytes are taken
                )
            ).status_code
            for token in tokens
        ]

    (tmp_path / "token").write_text("s3cret\n")
    assert serve(Taker(), talk, token_file=tmp_path / "token") == [401, 401, 200, 401]


def test_a_missing_token_and_a_taken_port_are_said(tmp_path: Path) -> None:
    async def scenario() -> None:
        gone = HttpPostSource(HttpServerOptions(listen=LISTEN, token_file=tmp_path / "none"))
        with pytest.raises(SourceLost, match=r"token_file: .* cannot be read"):
            async with gone.open():
                pass
        first = HttpPostSource(HttpServerOptions(listen=LISTEN))
        async with first.open():
            with pytest.raises(SourceLost, match="is the port in use"):
                async with HttpPostSource(HttpServerOptions(listen=f"127.0.0.1:{first.port}")).open():
                    pass

    asyncio.run(scenario())
