"""What the Hub, or whatever answers in its place, refuses: in one sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from genzoo.errors import ArtifactError, GenzooError, HubError, UnknownNameError
from genzoo.hub.client import LOG_IN, address, endpoint, logged_in

_WAIT = re.compile(r"\bt\s*=\s*(\d{1,9})\b", re.ASCII)
_SECONDS = re.compile(r"\s*(\d{1,9})\s*", re.ASCII)
_NETWORK_LOGIN = (407, 511)


@contextmanager
def hub_errors(what: str, revision: str = "") -> Iterator[None]:
    """Turn what asking the Hub raises into one sentence about the repository `what`.

    Raises:
        ArtifactError: A file is not there.
        HubError: The Hub cannot be reached, or refuses.
        UnknownNameError: There is no such repository or revision.
    """
    try:
        yield
    except GenzooError:
        raise
    except Exception as error:
        explained = explain(error, what, revision)
        if explained is None:
            raise
        raise explained from error


@contextmanager
def asking_hub(what: str, revision: str = "") -> Iterator[None]:
    """As `hub_errors`, where a library asks the Hub by its client.

    A request to slow down is raised at once: the client would wait by itself.

    Raises:
        ArtifactError, HubError, UnknownNameError: As `hub_errors`.
    """
    with hub_errors(what, revision), at_once():
        yield


@contextmanager
def client_errors(what: str, revision: str = "") -> Iterator[None]:
    """As `asking_hub`; an answer that the client cannot make sense of is not the Hub's."""
    try:
        with asking_hub(what, revision):
            yield
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise not_the_hub("the client cannot read its answer") from error


@contextmanager
def at_once() -> Iterator[None]:
    """Raise a request of the Hub's to slow down, instead of the client's waiting for minutes."""
    from huggingface_hub.utils import get_session

    hooks = get_session().event_hooks["response"]
    hooks.append(_raise_slow_down)
    try:
        yield
    finally:
        hooks.remove(_raise_slow_down)


def _raise_slow_down(response: Any) -> None:
    if response.status_code == 429:
        raise slow_down(response.headers)


def explain(error: BaseException, what: str, revision: str = "") -> GenzooError | None:
    """What an exception of the client's, or the first one behind it that is known, means."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        explained = _explain(current, what, revision)
        if explained is not None:
            return explained
        current = current.__cause__ or current.__context__
    return None


def refusal(status: int, headers: Mapping[str, str], what: str, revision: str = "") -> GenzooError:
    """The error for an answer that is not a success.

    Args:
        status: Its number.
        headers: Of the answer; their names in lower case, or a mapping to which that is the same.
        what: The repository that was asked for.
        revision: Its revision.
    """
    code = headers.get("x-error-code", "")
    page = "html" in headers.get("content-type", "").lower()
    if status == 429:
        return slow_down(headers)
    if status in _NETWORK_LOGIN or (status < 500 and (page or (status == 404 and not code))):
        return not_the_hub(f"it answers with the error {status}")
    if code == "GatedRepo":
        return HubError(
            f"'{what}' is gated: its owner decides who may use it.",
            f"Ask at {address(what)}. {LOG_IN}",
        )
    if status in (401, 403) and (code != "RepoNotFound" or logged_in()):
        return _not_allowed(status, what)
    if code == "RevisionNotFound":
        return UnknownNameError(
            f"'{what}' has no revision '{revision}'.", f"See {address(what)}/tree/main for those."
        )
    if code == "EntryNotFound":
        return ArtifactError(f"'{what}' lacks a file that it should have.", "Pull it again.")
    if code == "RepoNotFound":
        return _not_found(what)
    return HubError(f"The Hub answers with the error {status}.", "Try again in a while.")


def not_the_hub(reason: str) -> HubError:
    """The error for an answer that cannot be the Hub's.

    Args:
        reason: What is wrong with it, as a clause.
    """
    return HubError(
        f"What answers at {endpoint()} is not the Hugging Face Hub: {reason}.",
        "Look at that address in a browser: the network may want a login, or a proxy may stand "
        "between. What was pulled before works without it.",
    )


def too_slow(what: str, hint: str) -> HubError:
    """The error for a server that was given up.

    Args:
        what: What of its answer is not there, as a clause.
        hint: What to do.
    """
    return HubError(f"The Hub at {endpoint()} is too slow: {what}.", hint)


def slow_down(headers: Mapping[str, str]) -> HubError:
    """The error for a limit on requests, with the wait that the Hub names."""
    wait = named_wait(headers)
    named = "slow down" if wait is None else f"wait {wait} seconds before the next request"
    more = "" if logged_in() else f" It allows more to whoever is logged in. {LOG_IN}"
    return HubError(f"The Hub asks to {named}.", f"Try again after that.{more}")


def named_wait(headers: Mapping[str, str]) -> int | None:
    """Seconds to wait that a refused request's headers name; None where they name none."""
    if found := _WAIT.search(headers.get("ratelimit", "")):
        return int(found[1])
    after = headers.get("retry-after", "")
    if found := _SECONDS.fullmatch(after):
        return int(found[1])
    try:
        due = parsedate_to_datetime(after)
        return max(0, round((due.astimezone(UTC) - datetime.now(UTC)).total_seconds()))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _explain(error: BaseException, what: str, revision: str) -> GenzooError | None:
    from huggingface_hub import errors

    if isinstance(error, GenzooError):
        return error
    if isinstance(error, errors.OfflineModeIsEnabled):
        return HubError("HF_HUB_OFFLINE is set, so the Hub is not asked.", "Unset it to go online.")
    if isinstance(error, errors.HfHubHTTPError):
        return refusal(error.response.status_code, error.response.headers, what, revision)
    if type(error).__module__.partition(".")[0].startswith("httpx"):
        return HubError(
            f"The Hub cannot be reached at {endpoint()}: {_reason(error)}.",
            "Check the connection. What was pulled before works without it.",
        )
    return None


def _not_found(what: str) -> GenzooError:
    if logged_in():
        return UnknownNameError(
            f"There is no model '{what}' on the Hub that you may see.", "Check the spelling."
        )
    return UnknownNameError(
        f"There is no model '{what}' on the Hub, or it is private and you are not logged in.",
        f"Check the spelling. {LOG_IN}",
    )


def _not_allowed(status: int, what: str) -> HubError:
    if not logged_in():
        return HubError(f"The Hub refuses that for '{what}' without a login ({status}).", LOG_IN)
    if status == 401:
        return HubError(
            "The Hub refuses your token: it is wrong, or no longer valid (401).",
            "Log in again with: hf auth login (or set HF_TOKEN to another token).",
        )
    return HubError(
        f"The Hub refuses that for '{what}': your token may not do it (403).",
        "Take a token that may: hf auth login (or set HF_TOKEN).",
    )


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
