"""The built site, served as a public host does it: in a folder of its own, and compressed."""

import gzip
import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

HTML = Path(__file__).resolve().parent.parent / "_build" / "html"
PREFIX = "/course/"  # an address that begins with a slash leads out of the site, and shows
PRESSED = {".css", ".html", ".js", ".json", ".map", ".mjs", ".svg", ".txt", ".xml"}


@cache
def content(path: Path, pressed: bool) -> tuple[bytes, dict[str, str]]:
    """Return a file as it is sent, and the headers that say so."""
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    data, headers = path.read_bytes(), {"Content-Type": kind, "Cache-Control": "max-age=600"}
    if pressed and path.suffix in PRESSED:
        data = gzip.compress(data)
        headers["Content-Encoding"] = "gzip"
    return data, headers | {"Content-Length": str(len(data))}


def file_at(address: str) -> Path | None:
    """Return the file of _build/html that an address of the served site leads to, if any."""
    path = unquote(urlsplit(address).path)
    file = (HTML / path.removeprefix(PREFIX)).resolve()
    if file.is_dir():
        file /= "index.html"
    found = path.startswith(PREFIX) and file.is_relative_to(HTML) and file.is_file()
    return file if found else None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # one connection, many files

    def do_GET(self) -> None:
        file = file_at(self.path)
        pressed = "gzip" in self.headers.get("Accept-Encoding", "")
        data, headers = content(file, pressed) if file else (b"", {"Content-Length": "0"})
        self.send_response(200 if file else 404)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served() -> Iterator[str]:
    """Serve _build/html on a free port, and give the address of its root."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
