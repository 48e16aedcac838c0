"""Show the built book as a real host would, compressed and with its 404 page: `python book/serve.py [PORT]`."""

import gzip
import sys
from functools import lru_cache, partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

HTML = Path(__file__).resolve().parent.parent / "_build" / "html"
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
    ".bin": "application/octet-stream",
}
READY = (".png", ".woff2", ".woff", ".gz", ".pdf", ".jpg")  # compressed as they are
SMALL = 500  # bytes that compression does not make fewer
YEAR = "max-age=31536000, immutable"


class Host(SimpleHTTPRequestHandler):
    """Files below one folder; an address with a digest is kept for a year, any other is asked for anew."""

    extensions_map: ClassVar = {**SimpleHTTPRequestHandler.extensions_map, **TYPES}
    protocol_version = "HTTP/1.1"
    timeout = 60

    def send_head(self):
        """Headers, and the body as a file to copy; folders and unknown addresses as the base class has them."""
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return super().send_head() if (path / "index.html").is_file() else self.missing()
        tag = f'"{path.stat().st_mtime_ns:x}"'
        if self.headers.get("If-None-Match") == tag:
            self.send_response(HTTPStatus.NOT_MODIFIED)
            self.send_header("ETag", tag)
            self.end_headers()
            return None
        return self.answer(HTTPStatus.OK, path, tag)

    def missing(self):
        """The book's 404 page where it has one."""
        page = Path(self.directory) / "404.html"
        if page.is_file():
            return self.answer(HTTPStatus.NOT_FOUND, page, None)
        return self.send_error(HTTPStatus.NOT_FOUND)

    def answer(self, status, path, tag):
        """Status, headers and body of a file, compressed where that helps and the browser takes it."""
        packed = "gzip" in self.headers.get("Accept-Encoding", "") and path.suffix not in READY
        body = content(str(path), path.stat().st_mtime_ns, packed)
        packed = packed and body.startswith(b"\x1f\x8b")
        self.send_response(status)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", YEAR if tag and urlsplit(self.path).query else "no-cache")
        self.send_header("Vary", "Accept-Encoding")
        for name, value in (("ETag", tag), ("Content-Encoding", packed and "gzip")):
            if value:
                self.send_header(name, value)
        self.end_headers()
        return BytesIO(body)

    def log_message(self, form, *values):
        """Only what went wrong."""
        if len(values) > 1 and str(values[1]).startswith(("4", "5")):
            super().log_message(form, *values)


@lru_cache(maxsize=512)
def content(path: str, changed: int, packed: bool) -> bytes:
    """A file's bytes at its time of change, gzipped if asked for and if it is not small."""
    body = Path(path).read_bytes()
    return gzip.compress(body, 6) if packed and len(body) > SMALL else body


def server(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server of a folder on this machine alone; port 0 takes a free one. Raises OSError for one in use."""
    return ThreadingHTTPServer(("127.0.0.1", port), partial(Host, directory=str(folder)))


def main(arguments: list[str]) -> int:
    """Serve the book until Ctrl+C."""
    port = arguments[0] if arguments else "8000"
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise SystemExit(f"{port!r} is no port: give a number between 1 and 65535")
    if not (HTML / "index.html").is_file():
        raise SystemExit("there is no book yet: run `make book` first")
    try:
        host = server(HTML, int(port))
    except OSError as error:
        raise SystemExit(f"port {port} cannot be used ({error.strerror}): choose another") from None
    print(f"The book is at http://localhost:{port}  (Ctrl+C ends)", flush=True)
    try:
        host.serve_forever()
    except KeyboardInterrupt:
        print()
    finally:
        host.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
