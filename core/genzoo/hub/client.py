"""The Hub's own client, and who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genzoo.version import __version__

if TYPE_CHECKING:
    from huggingface_hub import HfApi

LIBRARY = "genzoo"
"""What the client says to the Hub that it is, and what models of genzoo are tagged with."""

LOG_IN = "Log in with: hf auth login (or set HF_TOKEN)."


def client() -> HfApi:
    """The client, which says to the Hub that it is genzoo's."""
    from huggingface_hub import HfApi

    return HfApi(library_name=LIBRARY, library_version=__version__)


def request_headers() -> dict[str, str]:
    """The headers of a request, with the token if there is one."""
    from huggingface_hub import get_token

    # Those that the client builds cost a request of their own, which it waits for without an end.
    token = get_token()
    return {
        "User-Agent": f"{LIBRARY}/{__version__}",
        # What is compressed on the way could unfold to any size.
        "Accept-Encoding": "identity",
        **({"Authorization": f"Bearer {token}"} if token else {}),
    }


def logged_in() -> bool:
    """Whether there is a token, in the environment or from a login."""
    from huggingface_hub import get_token

    return get_token() is not None


def endpoint() -> str:
    """The address of the Hub."""
    from huggingface_hub.constants import ENDPOINT

    return ENDPOINT


def address(repository: str) -> str:
    """Where people look at a repository."""
    return f"{endpoint()}/{repository}"
