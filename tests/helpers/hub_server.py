"""A Hugging Face Hub on loopback, for the real client: `HF_ENDPOINT` names it.

Covers what publishing and pulling models needs: repositories, commits with large files, revisions,
ranges, private repositories. It can be told to fail.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml
from hub_repositories import LARGE, Blob, Commit, Repository

TOKEN = "hf_of_the_owner"
"""The token that may read private repositories and write."""

ANOTHER = "hf_of_another"
"""The token of somebody who may do neither. All others are refused."""


class RefusalError(Exception):
    """An answer other than success, with the code that the client tells errors apart by."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass
class Faults:
    """How the server misbehaves.

    Attributes:
        drop_after: Bytes of a large file after which the connection is closed, each time.
        drops_for_good: After that no file is sent at all.
        silent: Requests are taken and never answered.
        answer: Status, headers and body with which everything is answered.
        where: Paths that this is about, as a regular expression.
        drip: Seconds between the bytes of a body, and none of them is the last; `drip_head`: of
            all that is sent.
    """

    drop_after: int | None = None
    drops_for_good: bool = False
    dropped: bool = False
    silent: bool = False
    answer: tuple[int, dict[str, str], bytes] | None = None
    where: str = ""
    drip: float = 0.0
    drip_head: float = 0.0


@dataclass
class HubServer:
    """Repositories behind an address.

    Attributes:
        requests: Method and path of each request, in order.
        ranges: The `Range` of each download that had one.
    """

    repositories: dict[str, Repository] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        handler = type("Handler", (_Handler,), {"hub": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        self.released = threading.Event()
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def start(self) -> None:
        """Answer from now on, in a thread."""
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Answer no more."""
        self.released.set()
        self._http.shutdown()
        self._http.server_close()

    def reset(self) -> None:
        """Forget everything."""
        self.repositories.clear()
        self.requests.clear()
        self.ranges.clear()
        self.faults = Faults()

    def add(self, name: str, *, private: bool = False) -> Repository:
        """A new repository."""
        return self.repositories.setdefault(name, Repository(name, private))

    def downloads(self) -> list[str]:
        """Paths of the files that were sent."""
        return [line.removeprefix("GET ") for line in self.requests if _is_download(line)]

    def repository(self, name: str, token: str) -> Repository:
        found = self.repositories.get(name)
        if found is None or (found.private and token != TOKEN):
            raise RefusalError(404 if token else 401, "RepoNotFound", "Repository not found")
        return found


def _is_download(line: str) -> bool:
    return line.startswith("GET ") and "/resolve/" in line


def _commit(repository: Repository, revision: str) -> Commit:
    found = repository.find(revision)
    if found is None:
        raise RefusalError(404, "RevisionNotFound", f"Invalid rev id: {revision}")
    return found


class _Handler(BaseHTTPRequestHandler):
    """One connection; the class has the server as `hub`."""

    hub: HubServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.body = self._read_body()
        parts = urlsplit(self.path)
        self.query = parse_qs(parts.query)
        self.hub.requests.append(f"{self.command} {parts.path}")
        if self.hub.faults.silent:
            self.hub.released.wait(30)
            self.close_connection = True
            return
        if self._misbehaved(parts.path):
            return
        try:
            if self.token not in ("", TOKEN, ANOTHER):
                raise RefusalError(401, "", "Invalid credentials in Authorization header")
            # Data sets are served as models are.
            path = parts.path.replace("/api/datasets/", "/api/models/", 1)
            self._route(path.removeprefix("/datasets"))
        except RefusalError as refusal:
            headers = {"X-Error-Code": refusal.code, "X-Error-Message": refusal.message}
            self._send(refusal.status, {"error": refusal.message}, headers)

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            chunks = []
            while size := int(self.rfile.readline(), 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _misbehaved(self, path: str) -> bool:
        """Answer as the faults say; False where they say nothing."""
        faults = self.hub.faults
        if not re.search(faults.where, path) or not (
            faults.answer or faults.drip or faults.drip_head
        ):
            return False
        if faults.answer:
            status, headers, body = faults.answer
            self._send_headers(status, {"Content-Length": str(len(body)), **headers})
            self.wfile.write(body if self.command != "HEAD" else b"")
            return True
        if faults.drip_head:
            self._drip(b"HTTP/1.1 200 OK\r\nX-Padding: ", faults.drip_head)
        else:
            self._send_headers(200, {"Content-Length": "1000000"})
            self._drip(b"", faults.drip)
        return True

    def _drip(self, start: bytes, pause: float) -> None:
        self.close_connection = True
        self.wfile.write(start)
        while not self.hub.released.wait(pause):
            self.wfile.write(b" ")
            self.wfile.flush()

    @property
    def token(self) -> str:
        return (self.headers.get("Authorization") or "").removeprefix("Bearer ")

    @property
    def authorised(self) -> bool:
        return self.token == TOKEN

    def _route(self, path: str) -> None:
        for method, pattern, action in _ROUTES:
            if method == self.command and (found := re.fullmatch(pattern, path)):
                groups = {key: unquote(value) for key, value in found.groupdict().items()}
                if "repo" in groups:
                    name = groups.pop("repo")
                    repository = self.hub.repository(name, self.token)
                    action(self, repository, **groups)
                else:
                    action(self, **groups)
                return
        raise RefusalError(404, "NotFound", f"{self.command} {path} is not served here")

    def _send(self, status: int, data: Any, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(data).encode()
        self._send_headers(
            status,
            {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                **(headers or {}),
            },
        )
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send_headers(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _require_writer(self) -> None:
        if not self.authorised:
            status = 403 if self.token else 401
            raise RefusalError(status, "", "Invalid username or password.")

    # What follows answers one call each.

    def create(self) -> None:
        self._require_writer()
        wish = json.loads(self.body)
        name = f"{wish['organization'] or 'me'}/{wish['name']}"
        url = f"{self.hub.url}/{name}"
        if name in self.hub.repositories:
            self._send(409, {"error": "You already created this model repo", "url": url})
            return
        private = wish.get("visibility") == "private" or bool(wish.get("private"))
        self.hub.add(name, private=private)
        self._send(200, {"url": url, "name": name, "id": name})

    def validate_yaml(self) -> None:
        self._send(200, {"errors": [], "warnings": []})

    def whoami(self) -> None:
        self._require_writer()
        self._send(200, {"type": "user", "name": "me", "orgs": []})

    def models(self) -> None:
        wanted = set(self.query.get("filter", []))
        search = self.query.get("search", [""])[0].lower()
        rows = [
            repository.described(_commit(repository, "main"), with_files=False)
            for name, repository in self.hub.repositories.items()
            if wanted <= set(repository.tags)
            and search in name.lower()
            and (self.authorised or not repository.private)
        ]
        limit = int(self.query.get("limit", [1000])[0])
        self._send(200, rows[:limit])

    def model(self, repository: Repository, revision: str = "main") -> None:
        with_files = bool(self.query.get("blobs"))
        commit = _commit(repository, revision)
        self._send(200, repository.described(commit, with_files=with_files))

    def refs(self, repository: Repository) -> None:
        rows = [
            {"name": name, "ref": f"refs/heads/{name}", "targetCommit": commit}
            for name, commit in repository.refs.items()
        ]
        self._send(200, {"branches": rows, "converts": [], "tags": [], "pullRequests": []})

    def tree(self, repository: Repository, revision: str, folder: str = "") -> None:
        files = _commit(repository, revision).files
        start = f"{folder}/" if folder else ""
        below = {path: blob for path, blob in files.items() if path.startswith(start)}
        if folder and not below:
            raise RefusalError(404, "EntryNotFound", "Entry not found")
        rows = [blob.in_tree(path) for path, blob in below.items()]
        if self.query.get("recursive") == ["false"]:
            deeper = {
                path[len(start) :].partition("/")[0] for path in below if "/" in path[len(start) :]
            }
            rows = [row for row in rows if "/" not in row["path"][len(start) :]]
            rows += [
                {"type": "directory", "path": start + name, "oid": "0" * 40} for name in deeper
            ]
        self._send(200, rows)

    def paths_info(self, repository: Repository, revision: str) -> None:
        paths = parse_qs(self.body.decode())["paths"]
        files = _commit(repository, revision).files
        self._send(200, [files[path].in_tree(path) for path in paths if path in files])

    def preupload(self, repository: Repository, revision: str) -> None:
        self._require_writer()
        files = _commit(repository, revision).files
        rows = [
            {
                "path": path,
                "uploadMode": "lfs" if path.endswith(LARGE) else "regular",
                "shouldIgnore": False,
                "oid": files[path].etag if path in files else None,
            }
            for path in (row["path"] for row in json.loads(self.body)["files"])
        ]
        self._send(200, {"files": rows})

    def large_batch(self, repository: Repository) -> None:
        self._require_writer()
        objects = []
        for wish in json.loads(self.body)["objects"]:
            row = {"oid": wish["oid"], "size": wish["size"]}
            if wish["oid"] not in repository.large:
                place = f"{self.hub.url}/large/{repository.name}/{wish['oid']}"
                row["actions"] = {"upload": {"href": place}, "verify": {"href": place}}
            objects.append(row)
        self._send(200, {"transfer": "basic", "objects": objects})

    def large_put(self, repository_name: str, oid: str) -> None:
        self.hub.repositories[repository_name].large[oid] = self.body
        self._send(200, {})

    def large_verify(self, repository_name: str, oid: str) -> None:
        repository = self.hub.repositories[repository_name]
        whole = len(repository.large.get(oid, b"")) == json.loads(self.body)["size"]
        self._send(200 if whole else 400, {})

    def commit(self, repository: Repository, revision: str) -> None:
        self._require_writer()
        added: dict[str, Blob] = {}
        deleted, title = [], ""
        for line in self.body.splitlines():
            item = json.loads(line)
            value = item["value"]
            if item["key"] == "header":
                title = value["summary"]
            elif item["key"] == "file":
                added[value["path"]] = Blob(base64.b64decode(value["content"]), False)
            elif item["key"] == "lfsFile":
                added[value["path"]] = Blob(repository.large[value["oid"]], True)
            elif item["key"] == "deletedFile":
                deleted.append(value["path"])
        commit = repository.change(added, deleted, title=title, branch=revision)
        if "README.md" in added:
            repository.card = read_front_matter(added["README.md"].content.decode())
        url = f"{self.hub.url}/{repository.name}/commit/{commit.id}"
        self._send(200, {"commitUrl": url, "commitOid": commit.id, "success": True})

    def resolve(self, repository: Repository, revision: str, path: str) -> None:
        commit = _commit(repository, revision)
        blob = commit.files.get(path)
        if blob is None:
            raise RefusalError(404, "EntryNotFound", "Entry not found")
        size = len(blob.content)
        start, stop = self._range(size)
        partial = "Range" in self.headers
        headers = {
            "X-Repo-Commit": commit.id,
            "ETag": f'"{blob.etag}"',
            "Accept-Ranges": "bytes",
            "Content-Type": "application/octet-stream",
            "Content-Length": str(stop - start),
        }
        if partial:
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
        if blob.large:
            headers |= {"X-Linked-Etag": f'"{blob.etag}"', "X-Linked-Size": str(size)}
        self._send_headers(206 if partial else 200, headers)
        if self.command == "GET":
            self._send_content(blob, start, stop)

    def _range(self, size: int) -> tuple[int, int]:
        wish = self.headers.get("Range", "")
        if not wish:
            return 0, size
        self.hub.ranges.append(wish)
        first, _, last = wish.removeprefix("bytes=").partition("-")
        return int(first), min(int(last) + 1, size) if last else size

    def _send_content(self, blob: Blob, start: int, stop: int) -> None:
        faults = self.hub.faults
        limit = 0 if faults.dropped and faults.drops_for_good else faults.drop_after
        if limit is not None and blob.large and stop - start > limit:
            self.wfile.write(blob.content[start : start + limit])
            self.wfile.flush()
            self.close_connection = faults.dropped = True
            return
        self.wfile.write(blob.content[start:stop])


def read_front_matter(card: str) -> dict[str, Any]:
    """The YAML at the head of a card."""
    found = re.match(r"---\n(.*?)\n---\n", card, re.DOTALL)
    return dict(yaml.safe_load(found.group(1))) if found else {}


_REPO = r"(?P<repo>[^/]+/[^/]+)"
_REV = r"(?P<revision>[^/]+)"
_LARGE = r"/large/(?P<repository_name>[^/]+/[^/]+)/(?P<oid>[0-9a-f]{64})"
_ROUTES: list[tuple[str, str, Callable[..., None]]] = [
    ("POST", "/api/repos/create", _Handler.create),
    ("POST", "/api/validate-yaml", _Handler.validate_yaml),
    ("GET", "/api/whoami-v2", _Handler.whoami),
    ("GET", "/api/models", _Handler.models),
    ("GET", f"/api/models/{_REPO}", _Handler.model),
    ("GET", f"/api/models/{_REPO}/revision/{_REV}", _Handler.model),
    ("GET", f"/api/models/{_REPO}/refs", _Handler.refs),
    ("GET", f"/api/models/{_REPO}/tree/{_REV}", _Handler.tree),
    ("GET", f"/api/models/{_REPO}/tree/{_REV}/(?P<folder>.+)", _Handler.tree),
    ("POST", f"/api/models/{_REPO}/paths-info/{_REV}", _Handler.paths_info),
    ("POST", f"/api/models/{_REPO}/preupload/{_REV}", _Handler.preupload),
    ("POST", f"/api/models/{_REPO}/commit/{_REV}", _Handler.commit),
    ("POST", f"/{_REPO}\\.git/info/lfs/objects/batch", _Handler.large_batch),
    ("PUT", _LARGE, _Handler.large_put),
    ("POST", _LARGE, _Handler.large_verify),
    ("HEAD", f"/{_REPO}/resolve/{_REV}/(?P<path>.+)", _Handler.resolve),
    ("GET", f"/{_REPO}/resolve/{_REV}/(?P<path>.+)", _Handler.resolve),
]
