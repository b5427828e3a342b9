"""Who wants to know how far a pull or push is."""

from __future__ import annotations


class HubProgress:
    """Hears of each phase and of the bytes that arrive; this one keeps silent."""

    def phase(self, title: str) -> None:
        """Something else begins, such as `Verifying`."""

    def started(self, total: int) -> None:
        """So many bytes are to come."""

    def advanced(self, count: int) -> None:
        """So many more bytes are here."""
