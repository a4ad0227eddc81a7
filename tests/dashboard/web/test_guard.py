import httpx
import pytest

from dashboard.web.guard import host_of
from tests.dashboard.web.stage import browse, get

TOKEN = "a7f3c9e1b2d4f6a8c0e2"  # noqa: S105 - of this test
PATHS = ["/", "/events", "/static/page.css", "/vendor/uplot.js", "/api/recent/S1", "/metrics", "/nothing"]


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "127.0.0.1@evil.example", "[::1", "x:8080"]
)
def test_a_foreign_host_is_refused(host: str) -> None:
    answer = get("/", {"host": host})
    assert answer.status_code == 400
    assert "--allow-host" in answer.json()["error"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8080", "LOCALHOST:80", "[::1]:8080", "Plant.Example"])
def test_known_hosts_are_served(host: str) -> None:
    hosts = ("127.0.0.1", "localhost", "::1", "plant.example")
    assert get("/healthz", {"host": host}, hosts=hosts).status_code == 200


def test_hosts_are_read_out_of_headers() -> None:
    assert [host_of(text) for text in ("[::1]:80", "a.b:80", "A.b", "")] == ["::1", "a.b", "a.b", ""]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "X"])
@pytest.mark.parametrize("path", ["/", "/events", "/api/recent/S1", "/nothing"])
def test_it_can_only_be_looked_at(method: str, path: str) -> None:
    answer = browse(lambda client: client.request(method, path))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/static/page.css", "/vendor/uplot.css", "/nothing", "/api/recent/S9"]
)
def test_every_answer_has_the_headers(path: str) -> None:
    headers = get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("given", [None, "", "wrong", TOKEN[:-1], TOKEN + "0", TOKEN.upper(), "…"])
def test_without_the_token_nothing_is_told(path: str, given: str | None) -> None:
    headers = {} if given is None else {"authorization": f"Bearer {given}"}
    answer = get(path, headers, token=TOKEN)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "content-security-policy" in answer.headers


def test_the_token_opens_in_a_header_and_health_needs_none() -> None:
    assert get("/api/recent/S1", {"authorization": f"bearer {TOKEN}"}, token=TOKEN).status_code == 200
    assert get("/healthz", token=TOKEN).status_code == 200


@pytest.mark.parametrize("secure", [False, True])
def test_the_address_with_the_token_gives_a_cookie_that_opens(secure: bool) -> None:
    async def act(client: httpx.AsyncClient) -> tuple[httpx.Response, httpx.Response]:
        let_in = await client.get(f"/?token={TOKEN}")
        cookie = let_in.headers["set-cookie"].partition(";")[0]
        return let_in, await client.get("/", headers={"cookie": cookie})

    let_in, page = browse(act, token=TOKEN, secure=secure)
    assert (let_in.status_code, let_in.headers["refresh"]) == (200, "0; url=/")
    assert TOKEN not in let_in.text
    attributes = let_in.headers["set-cookie"]
    assert TOKEN not in attributes
    assert "HttpOnly" in attributes
    assert "SameSite=Strict" in attributes
    assert ("Secure" in attributes) == secure
    assert page.status_code == 200


@pytest.mark.parametrize(
    "query", ["token=wrong", "token=", "token", f"x={TOKEN}", f"token=wrong&token={TOKEN}", "a=1&" * 60]
)
def test_an_address_with_another_token_gives_none(query: str) -> None:
    answer = get(f"/?{query}", token=TOKEN)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "cookie", ["suhu_dashboard=wrong", f"suhu_dashboard={TOKEN}", "suhu_dashboard=", "\x7f=;;=", "a" * 9000]
)
def test_another_cookie_does_not_open(cookie: str) -> None:
    assert get("/api/recent/S1", {"cookie": cookie}, token=TOKEN).status_code == 401


def test_only_the_page_takes_the_token_from_an_address() -> None:
    assert get(f"/api/recent/S1?token={TOKEN}", token=TOKEN).status_code == 401


def test_with_tls_browsers_are_told_to_stay_with_it() -> None:
    assert get("/healthz", secure=True).headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in get("/healthz").headers
