"""What to type to install, change or remove a plugin."""

from __future__ import annotations


def install_command(distribution: str, versions: str = "") -> str:
    """Installs or updates a distribution.

    Args:
        distribution: Its name.
        versions: Which of its versions will do, as a requirement says it, e.g. `>=2`.
    """
    wanted = f"'{distribution}{versions}'" if versions else distribution
    if distribution == "genzoo":
        return f"pip install --upgrade {wanted}"
    return f"genzoo plugins install {wanted}"


def uninstall_command(distribution: str) -> str:
    """Removes a distribution."""
    return f"genzoo plugins uninstall {distribution}"
