"""One request for a file on another machine, from some byte on."""

from __future__ import annotations

import base64
import netrc
import re
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from genzoo.errors import DataError, HubError
from genzoo.hub.refusals import named_wait
from genzoo.hub.transfer import within

SCHEMES = ("http", "https")

TIMEOUT = 30.0
"""Seconds without a byte after which a connection counts as broken."""

PASSING = (408, 425, 429)
"""Refusals that may not be given a moment later, besides all errors of the server's own."""

_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")


class BrokenConnectionError(Exception):
    """A connection that may work when it is tried again.

    Attributes:
        wait: Seconds after which the server wants to be asked again; None if it names none.
    """

    def __init__(self, reason: str, wait: int | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class NotThereError(DataError):
    """A file that its server does not have, or does not give."""


@dataclass(frozen=True)
class RemoteFile:
    """A file on another machine, as it was when it was first looked at.

    Attributes:
        url: Where it is.
        size: Number of its bytes.
        tag: What its server says of its content: an ETag or a time of change. Empty where what is
            at the address never changes.
        content: What names its content wherever it is, such as a hash; empty if it is not known.
    """

    url: str
    size: int
    tag: str = ""
    content: str = ""

    @property
    def name(self) -> str:
        """The last part of its path."""
        return urlsplit(self.url).path.rpartition("/")[2]


@dataclass(frozen=True)
class Answer:
    """What a server sends.

    Attributes:
        content: The bytes from `start` on.
        start: 0 where the server always sends all of a file.
        file: The file as it is now.
    """

    content: HTTPResponse
    start: int
    file: RemoteFile


def shown(url: str) -> str:
    """`url` as it may be told: what follows its path can be a signature."""
    return urlsplit(url)._replace(query="", fragment="").geturl()


def host(url: str) -> str:
    """The machine that `url` is on."""
    return urlsplit(url).hostname or ""


def look(url: str) -> RemoteFile:
    """The file at `url` as it is now.

    Raises:
        BrokenConnectionError: The server cannot be reached.
        DataError: It does not give the file, or does not say how long it is.
    """
    answer = connect(url, 0, only_look=True)
    answer.content.close()
    return answer.file


def connect(url: str, start: int, only_look: bool = False) -> Answer:
    """Ask for the bytes of a file from `start` on, or for one byte to have a look.

    Raises:
        BrokenConnectionError: The server cannot be reached.
        DataError: It does not give the file, or does not say how long it is.
    """
    # A look is not a HEAD: signed addresses are good for one method.
    wanted = f"bytes={start}-{start if only_look else ''}"
    request = Request(url, headers={"Range": wanted, "User-Agent": "genzoo"})
    if authorization := _authorization(url):
        # Not passed on to where the server may redirect to.
        request.add_unredirected_header("Authorization", authorization)
    try:
        # A thread of its own: the head of an answer may drip, and names be looked up, for ever.
        response = within(2 * TIMEOUT, lambda: _opener().open(request, timeout=TIMEOUT))
    except HubError as error:
        raise BrokenConnectionError("the server does not answer") from error
    except HTTPError as error:
        error.close()
        if error.code == 416:
            raise _too_short(url, start) from error
        raise _refusal(url, error) from error
    except (OSError, HTTPException) as error:
        raise BrokenConnectionError(reason(error)) from error
    return _answer(url, response)


def reason(error: Exception) -> str:
    """Why a connection broke, in a few words."""
    inner = getattr(error, "reason", error)
    text = getattr(inner, "strerror", None) or str(inner)
    return " ".join(str(text).split()) or type(error).__name__


def _answer(url: str, response: HTTPResponse) -> Answer:
    if "html" in response.headers.get("Content-Type", "").lower():
        response.close()
        raise NotThereError(
            f"'{shown(url)}' cannot be had: a web page is sent in its place.",
            "Look at the address in a browser: the network or the server may want a login.",
        )
    tag = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
    ranged = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if response.status == 206 and ranged is not None:
        return Answer(response, int(ranged[1]), RemoteFile(url, int(ranged[2]), tag))
    length = response.headers.get("Content-Length", "")
    if response.status == 200 and length.isdigit():
        return Answer(response, 0, RemoteFile(url, int(length), tag))
    response.close()
    raise DataError(
        f"The server of '{shown(url)}' does not say how long it is.",
        "Serve the files as they are, not compressed on the way.",
    )


def _too_short(url: str, start: int) -> DataError:
    return DataError(
        f"'{shown(url)}' has no byte {start}: it is empty, or shorter than it was.",
        "Check the file. A run can be resumed with the file as it was.",
    )


def _refusal(url: str, error: HTTPError) -> Exception:
    told = f"{error.code} {error.msg}".strip()
    if error.code in PASSING or error.code >= 500:
        names = {name.lower(): value for name, value in (error.headers or {}).items()}
        return BrokenConnectionError(told, named_wait(names))
    hint = "Check the address."
    if error.code in (401, 403):
        hint = (
            "Name and password of a server are taken from ~/.netrc, the Hub's token from HF_TOKEN."
        )
    return NotThereError(f"'{shown(url)}' cannot be had: the server says {told}.", hint)


def _authorization(url: str) -> str:
    """What the server of `url`, and none other, is told about who asks."""
    from huggingface_hub import get_token
    from huggingface_hub.constants import ENDPOINT

    if url.startswith(f"{ENDPOINT}/"):
        token = get_token()
        return f"Bearer {token}" if token else ""
    with suppress(OSError, netrc.NetrcParseError):
        known = netrc.netrc().hosts.get(host(url))
        if known is not None:
            return "Basic " + base64.b64encode(f"{known[0]}:{known[2]}".encode()).decode()
    return ""


class _Redirects(HTTPRedirectHandler):
    """Lets a server know who asks where it points to another path of its own."""

    def redirect_request(
        self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        further = super().redirect_request(req, fp, code, msg, headers, newurl)
        known = req.unredirected_hdrs.get("Authorization")
        if further is not None and known and _server(newurl) == _server(req.full_url):
            further.add_unredirected_header("Authorization", known)
        return further


def _server(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _opener() -> OpenerDirector:
    """What opens addresses of the web, and no files of this machine."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        HTTPHandler(),
        HTTPSHandler(),
        _Redirects(),
        HTTPErrorProcessor(),
        HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    return opener
