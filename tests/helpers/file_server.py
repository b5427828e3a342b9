"""Files behind addresses on loopback, from a server that can be told to fail."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class FileServer:
    """Files by path.

    Attributes:
        files: Their contents.
        ranges: Whether parts of a file can be asked for.
        drop_after: Bytes after which every connection is closed.
        down: Whether connections are closed unanswered.
        requests: Path and range of each request.
        secrets: The `Authorization` of each request that had one.
        redirects: Where a path is said to be.
        beside: Bytes that are sent with that.
        before: Called with the path before each answer.
        pause: Seconds between the bytes of a file.
        head_pause: Seconds between the bytes of a head that does not end.
        refusals: Status and headers with which the next requests are refused.
        page: Sent with status 200 in place of every file, as a login page is.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    drop_after: int | None = None
    down: bool = False
    requests: list[tuple[str, str]] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)
    beside: int = 0
    before: Callable[[str], None] = lambda path: None
    pause: float = 0.0
    head_pause: float = 0.0
    refusals: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    page: bytes = b""

    def __post_init__(self) -> None:
        handler = type("Handler", (_Handler,), {"server_of_files": self})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.http.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}"

    def share(self, folder: Path) -> None:
        """Serve the files of a folder."""
        self.files |= {f"/{path.name}": path.read_bytes() for path in sorted(folder.iterdir())}


@contextmanager
def serving(server: FileServer | None = None) -> Iterator[FileServer]:
    """A server that answers within the block."""
    server = server or FileServer()
    thread = threading.Thread(target=server.http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        server.http.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server_of_files: FileServer

    def do_GET(self) -> None:
        server, path = self.server_of_files, self.path.partition("?")[0]
        server.requests.append((path, self.headers.get("Range", "")))
        if secret := self.headers.get("Authorization"):
            server.secrets.append(secret)
        server.before(path)
        if server.down:
            return
        while server.head_pause:
            try:
                self.wfile.write(b"H" if self.close_connection else b"HTTP/1.1 200 OK\r\nH")
            except OSError:
                return
            self.close_connection = True
            time.sleep(server.head_pause)
        if server.refusals or server.page:
            self._refuse()
            return
        if path in server.redirects:
            self.send_response(302)
            self.send_header("Location", server.redirects[path])
            self.send_header("Content-Length", str(server.beside))
            self.end_headers()
            with suppress(OSError):
                for _ in range(server.beside >> 20):
                    self.wfile.write(bytes(1 << 20))
        elif path in server.files:
            self._send(server.files[path])
        else:
            self.send_error(404)

    def _send(self, content: bytes) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        size, tag = len(content), hashlib.md5(content).hexdigest()
        if wanted and self.server_of_files.ranges:
            first, last = int(wanted[1]), min(int(wanted[2] or size - 1), size - 1)
            if first >= size:
                self.send_error(416)
                return
            content = content[first : last + 1]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        else:
            self.send_response(200)
        self.send_header("ETag", f'"{tag}"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        try:
            if pause := self.server_of_files.pause:
                for byte in content:
                    self.wfile.write(bytes([byte]))
                    time.sleep(pause)
            self.wfile.write(content[: self.server_of_files.drop_after])
        except OSError:
            self.close_connection = True

    def _refuse(self) -> None:
        server = self.server_of_files
        html = {"Content-Type": "text/html"}
        status, headers = server.refusals.pop(0) if server.refusals else (200, html)
        self.send_response(status)
        body = server.page if status == 200 else b""
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
