"""The Hub's own client, and its errors in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import genzoo
from genzoo.errors import ArtifactError, GenzooError, HubError, UnknownNameError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

TIMEOUT = 4.0
"""Seconds within which the Hub must answer a question."""

LOG_IN = "Log in with: hf auth login (or set HF_TOKEN)."


def client() -> HfApi:
    """The client, which says to the Hub that it is genzoo's."""
    from huggingface_hub import HfApi

    return HfApi(library_name="genzoo", library_version=genzoo.__version__)


def logged_in() -> bool:
    """Whether there is a token, in the environment or from a login."""
    from huggingface_hub import get_token

    return get_token() is not None


def address(repository: str) -> str:
    """Where people look at a repository."""
    from huggingface_hub.constants import ENDPOINT

    return f"{ENDPOINT}/{repository}"


@contextmanager
def hub_errors(what: str, revision: str = "") -> Iterator[None]:
    """Turn what the client raises into one sentence about the model `what`.

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
        explained = _explain(error, what, revision)
        if explained is None:
            raise
        raise explained from error


def _explain(error: Exception, what: str, revision: str) -> GenzooError | None:
    from huggingface_hub import errors

    if isinstance(error, RuntimeError) and isinstance(error.__cause__, Exception):
        # How the client reports a failed upload.
        return _explain(error.__cause__, what, revision)
    if isinstance(error, errors.OfflineModeIsEnabled):
        return HubError("HF_HUB_OFFLINE is set, so the Hub is not asked.", "Unset it to go online.")
    if isinstance(error, errors.GatedRepoError):
        return HubError(
            f"'{what}' is gated: its owner decides who may use it.",
            f"Ask at {address(what)}. {LOG_IN}",
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return UnknownNameError(
            f"'{what}' has no revision '{revision}'.", f"See {address(what)}/tree/main for those."
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return _not_found(what)
    if isinstance(error, errors.EntryNotFoundError):
        return ArtifactError(f"'{what}' lacks a file that it should have.", "Pull it again.")
    if isinstance(error, errors.HfHubHTTPError):
        return _refused(error, what)
    if type(error).__module__.partition(".")[0].startswith("httpx"):
        from huggingface_hub.constants import ENDPOINT

        return HubError(
            f"The Hub cannot be reached at {ENDPOINT}: {_reason(error)}.",
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


def _refused(error: Exception, what: str) -> HubError:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403):
        return HubError(f"The Hub does not allow that for '{what}'.", LOG_IN)
    if status == 429:
        return HubError("The Hub asks to slow down.", f"Try again in a while. {LOG_IN}")
    return HubError(f"The Hub answers with the error {status}.", "Try again in a while.")


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
