"""The plugin contract under the name that plugins import it by; see `genzoo_testing`."""

from genzoo_testing import (
    ArchitectureContract,
    Check,
    ContractError,
    PluginContract,
    Result,
    check_plugin,
)

__all__ = [
    "ArchitectureContract",
    "Check",
    "ContractError",
    "PluginContract",
    "Result",
    "check_plugin",
]
