"""Browsers that follow /events and look at nothing: `python -m bench.dashboard_load.browsers URL COUNT`."""

import selectors
import socket
import sys
from urllib.parse import urlsplit


def connect(url: str) -> socket.socket:
    """Open the stream."""
    place = urlsplit(url)
    browser = socket.create_connection((place.hostname, place.port), 10)
    browser.sendall(f"GET /events HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
    return browser


def main(url: str, count: int) -> int:
    """Read until the server ends it, or somebody ends us."""
    with selectors.DefaultSelector() as ready:
        for _ in range(count):
            ready.register(connect(url), selectors.EVENT_READ)
        print("connected", flush=True)
        while ready.get_map():
            for key, _ in ready.select():
                browser = key.fileobj
                assert isinstance(browser, socket.socket)
                if not browser.recv(1 << 18):
                    ready.unregister(browser)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
