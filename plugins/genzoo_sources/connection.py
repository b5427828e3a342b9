"""One request for a file on another machine, from some byte on."""

from __future__ import annotations

import base64
import netrc
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from ssl import SSLContext
from urllib.parse import urlsplit

import httpx2

from genzoo import DataError, HubError, named_wait, within

TIMEOUT = 30.0
"""Seconds without a byte after which a connection counts as broken."""

MOST_REDIRECTS = 20

PASSING = (408, 425, 429)
"""Refusals that may not be given a moment later, besides all errors of the server's own."""

_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")
_ERROR_NUMBER = re.compile(r"\[Errno -?\d+\] ")


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


class Body:
    """The bytes of an answer, as they arrive.

    Args:
        client: Whose only answer it is.
        response: The answer.
    """

    def __init__(self, client: httpx2.Client, response: httpx2.Response) -> None:
        self._client = client
        self._response = response
        self._pieces = response.iter_raw()
        self._left = b""

    def read1(self, size: int) -> bytes:
        """At most `size` bytes, and at least one unless it has ended.

        Raises:
            httpx2.HTTPError, httpx2.StreamError: The connection broke.
        """
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._left = piece
        taken, self._left = self._left[:size], self._left[size:]
        return taken

    def close(self) -> None:
        """Hang up."""
        self._response.close()
        self._client.close()


@dataclass(frozen=True)
class Answer:
    """What a server sends.

    Attributes:
        content: The bytes from `start` on.
        start: 0 where the server always sends all of a file.
        file: The file as it is now.
    """

    content: Body
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
    headers = {"Range": wanted, "User-Agent": "genzoo", "Accept-Encoding": "identity"}
    try:
        # A thread of its own: the head of an answer may drip, and names be looked up, for ever.
        body, response = within(2 * TIMEOUT, lambda: _sent(url, headers | _authorization(url)))
    except HubError as error:
        raise BrokenConnectionError("the server does not answer") from error
    except (httpx2.UnsupportedProtocol, httpx2.InvalidURL, httpx2.TooManyRedirects) as error:
        message = f"'{shown(url)}' cannot be had: it leads to no place on the web."
        raise NotThereError(message, "Check the address.") from error
    except (OSError, httpx2.HTTPError) as error:
        raise BrokenConnectionError(reason(error)) from error
    try:
        return Answer(body, *_described(url, start, response))
    except BaseException:
        body.close()
        raise


def _sent(url: str, headers: Mapping[str, str]) -> tuple[Body, httpx2.Response]:
    """The answer to a request, redirects followed; another server is not told who asks."""
    client = httpx2.Client(verify=_trusted(), timeout=TIMEOUT)
    try:
        request = client.build_request("GET", url, headers=headers)
        for _ in range(MOST_REDIRECTS):
            response = client.send(request, stream=True)
            if response.next_request is None:
                return Body(client, response), response
            # Not read: what is sent beside an address may have no end.
            response.close()
            request = response.next_request
        raise httpx2.TooManyRedirects("redirected too often", request=request)
    except BaseException:
        client.close()
        raise


@cache
def _trusted() -> SSLContext:
    """Whose certificates are trusted; reading them takes a tenth of a second."""
    return httpx2.create_ssl_context()


def reason(error: Exception) -> str:
    """Why a connection broke, in a few words."""
    text = getattr(error, "strerror", None) or _ERROR_NUMBER.sub("", str(error))
    return " ".join(text.split()) or type(error).__name__


def _described(url: str, start: int, response: httpx2.Response) -> tuple[int, RemoteFile]:
    """The byte with which an answer begins, and the file as it is now."""
    headers, status = response.headers, response.status_code
    if status == 416:
        raise _too_short(url, start)
    if status >= 400:
        raise _refusal(url, response)
    if "html" in headers.get("Content-Type", "").lower():
        raise NotThereError(
            f"'{shown(url)}' cannot be had: a web page is sent in its place.",
            "Look at the address in a browser: the network or the server may want a login.",
        )
    tag = headers.get("ETag") or headers.get("Last-Modified") or ""
    ranged = _RANGE.fullmatch(headers.get("Content-Range", ""))
    if status == 206 and ranged is not None:
        return int(ranged[1]), RemoteFile(url, int(ranged[2]), tag)
    length = headers.get("Content-Length", "")
    if status == 200 and length.isdigit():
        return 0, RemoteFile(url, int(length), tag)
    raise DataError(
        f"The server of '{shown(url)}' does not say how long it is.",
        "Serve the files as they are, not compressed on the way.",
    )


def _too_short(url: str, start: int) -> DataError:
    return DataError(
        f"'{shown(url)}' has no byte {start}: it is empty, or shorter than it was.",
        "Check the file. A run can be resumed with the file as it was.",
    )


def _refusal(url: str, response: httpx2.Response) -> Exception:
    status = response.status_code
    told = f"{status} {response.reason_phrase}".strip()
    if status in PASSING or status >= 500:
        return BrokenConnectionError(told, named_wait(response.headers))
    hint = "Check the address."
    if status in (401, 403):
        hint = (
            "Name and password of a server are taken from ~/.netrc, the Hub's token from HF_TOKEN."
        )
    return NotThereError(f"'{shown(url)}' cannot be had: the server says {told}.", hint)


def _authorization(url: str) -> dict[str, str]:
    """What the server of `url`, and none other, is told about who asks."""
    from huggingface_hub import get_token
    from huggingface_hub.constants import ENDPOINT

    if url.startswith(f"{ENDPOINT}/"):
        token = get_token()
        return {"Authorization": f"Bearer {token}"} if token else {}
    with suppress(OSError, netrc.NetrcParseError):
        known = netrc.netrc().hosts.get(host(url))
        if known is not None:
            secret = base64.b64encode(f"{known[0]}:{known[2]}".encode()).decode()
            return {"Authorization": f"Basic {secret}"}
    return {}
