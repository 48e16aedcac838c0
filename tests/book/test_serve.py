"""The local host: compressed, right types, nothing sent twice, plain words for a bad port."""

import gzip
import os
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book"))

import hosting  # noqa: E402
import serve  # noqa: E402


@pytest.fixture
def site(tmp_path):
    """A folder with a page, a script, a program and a 404 page, served."""
    (tmp_path / "index.html").write_text("<p>home</p>" * 100)
    (tmp_path / "404.html").write_text("<p>not here</p>" * 100)
    (tmp_path / "a.js").write_text("1;" * 500)
    (tmp_path / "m.wasm").write_bytes(b"\0asm" * 200)
    (tmp_path / "w.bin").write_bytes(b"\0" * 1000)
    host = serve.server(tmp_path)
    threading.Thread(target=host.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{host.server_port}"
    host.shutdown()


def ask(address, **headers):
    """Status, headers and body of one answer."""
    try:
        answer = urllib.request.urlopen(urllib.request.Request(address, headers=headers))
    except urllib.error.HTTPError as error:
        answer = error
    return answer.status, answer.headers, answer.read()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("", "text/html; charset=utf-8"),
        ("a.js", "text/javascript; charset=utf-8"),
        ("m.wasm", "application/wasm"),
        ("w.bin", "application/octet-stream"),
    ],
)
def test_types_and_compression(site, name, kind):
    status, headers, plain = ask(f"{site}/{name}")
    assert (status, headers["Content-Type"], headers["Content-Encoding"]) == (200, kind, None)
    _, headers, packed = ask(f"{site}/{name}", **{"Accept-Encoding": "gzip, br"})
    if name:
        assert headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed) == plain
        assert len(packed) == int(headers["Content-Length"]) < len(plain)


def test_an_unchanged_file_is_not_sent_again(site, tmp_path):
    _, headers, _ = ask(f"{site}/a.js")
    assert headers["Cache-Control"] == "no-cache"
    assert ask(f"{site}/a.js", **{"If-None-Match": headers["ETag"]})[0] == 304
    (tmp_path / "a.js").write_text("2;" * 500)
    status, _, body = ask(f"{site}/a.js", **{"If-None-Match": headers["ETag"]})
    assert (status, body[:2]) == (200, b"2;")
    assert "immutable" in ask(f"{site}/a.js?v=12345678")[1]["Cache-Control"]


def test_an_unknown_address_gets_the_books_own_page(site):
    status, headers, body = ask(f"{site}/no/such/page.html")
    assert (status, headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert b"not here" in body
    assert ask(f"{site}/../../etc/passwd")[0] == 404


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
def test_a_bad_port_is_one_clear_line(port):
    with pytest.raises(SystemExit, match="is no port"):
        serve.main([port])


@pytest.mark.skipif(not (serve.HTML / "index.html").exists(), reason="no book here: run make book first")
def test_a_taken_port_is_one_clear_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run([sys.executable, serve.__file__, port], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == f"port {port} cannot be used (Address already in use): choose another\n"


@pytest.mark.parametrize("url", ["example.org/book", "ftp://example.org", "https://"])
def test_a_book_needs_a_whole_address(monkeypatch, url):
    monkeypatch.setitem(os.environ, "BOOK_URL", url)
    with pytest.raises(ValueError, match="give a whole address"):
        hosting.address()


def test_the_address_ends_with_a_slash(monkeypatch):
    monkeypatch.setitem(os.environ, "BOOK_URL", "https://example.org/book")
    assert hosting.address() == "https://example.org/book/"
    monkeypatch.delitem(os.environ, "BOOK_URL")
    assert hosting.address() == hosting.HOME
