"""Nothing inside is asked, neither when an address is entered nor when its name says otherwise."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from runtime.connectors._reaching import CheckedTransport
from runtime.outside.addresses import PrivateAddress, addresses

INSIDE = (
    "127.0.0.1", "10.0.0.5", "172.16.3.4", "192.168.0.1", "169.254.169.254", "192.0.0.192",
    "168.63.129.16", "192.88.99.1", "3fff::1", "::ffff:192.0.0.192", "100.100.100.200",
    "100.64.0.1",
    "198.18.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fd00::1", "fe80::1",
    "fe80::1%eth0", "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe",
)  # fmt: skip
OUTSIDE = ("93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34")


def answering(*found: str):
    return lambda host, port: found


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_refused_however_it_is_written(address: str) -> None:
    with pytest.raises(PrivateAddress):
        addresses("https://shop.example/x", (), answering(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_of_everybody_is_asked(address: str) -> None:
    assert addresses("https://shop.example/x", (), answering(address)) == (address,)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://2130706433/",
        "https://0x7f.1/", "https://localhost/", "https://localhost./",
    ],
)  # fmt: skip
def test_no_spelling_of_this_machine_leads_here(url: str) -> None:
    with pytest.raises((PrivateAddress, OSError)):
        addresses(url, ())


def test_one_address_inside_among_others_is_enough_to_refuse() -> None:
    with pytest.raises(PrivateAddress):
        addresses("https://shop.example/", (), answering("93.184.216.34", "10.0.0.1"))


@pytest.mark.parametrize("url", ["ftp://shop.example", "https://u:p@shop.example", "https:///x"])
def test_what_is_no_plain_address_is_refused(url: str) -> None:
    with pytest.raises(PrivateAddress):
        addresses(url, ("shop.example",), answering("93.184.216.34"))


def test_another_port_is_asked_only_where_it_is_allowed() -> None:
    ask = answering("93.184.216.34")
    with pytest.raises(PrivateAddress):
        addresses("http://shop.example:22/", (), ask)
    assert addresses("http://shop.example:22/", ("shop.example:22",), ask)
    with pytest.raises(PrivateAddress):
        addresses("http://shop.example:23/", ("shop.example:22",), ask)


def test_what_is_allowed_by_name_or_network_is_asked_and_nothing_beside_it() -> None:
    assert addresses("http://erp.intern/", ("erp.intern",), answering("10.1.2.3"))
    assert addresses("http://erp.intern:8069/", ("10.1.0.0/16",), answering("10.1.2.3"))
    with pytest.raises(PrivateAddress):
        addresses("http://erp.intern/", ("10.1.0.0/16",), answering("10.2.0.1"))


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.server.asked.append(self.headers["Host"])  # type: ignore[attr-defined]
            if self.path == "/away":
                self.send_response(302)
                self.send_header("Location", "http://127.0.0.1:1/")
            else:
                self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    found = HTTPServer(("127.0.0.1", 0), Answering)
    found.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=found.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()


def test_the_address_that_was_checked_is_the_one_that_is_asked(server: HTTPServer) -> None:
    port = server.server_address[1]
    name = f"bank.example:{port}"
    found = iter((("127.0.0.1",), ("10.0.0.1",)))
    transport = CheckedTransport(("127.0.0.0/8",), lambda host, port: next(found))
    with httpx.Client(transport=transport, follow_redirects=False) as client:
        assert client.get(f"http://{name}/away").status_code == 302
        # a name that answers differently the second time leads nowhere
        with pytest.raises(PrivateAddress):
            client.get(f"http://{name}/")
    assert server.asked == [name]  # type: ignore[attr-defined]
