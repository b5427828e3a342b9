"""The plugin contract: what must hold of a plugin, as checks and as test classes to inherit from.

```python
from genzoo.testing import ArchitectureContract

class TestMyFlow(ArchitectureContract):
    architecture = "genzoo-flow/realnvp"
```

`genzoo plugins check PACKAGE` runs the same checks. Nothing here imports pytest.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genzoo_testing.check import Check as Check
    from genzoo_testing.check import ContractError as ContractError
    from genzoo_testing.check import Result as Result
    from genzoo_testing.contract import ArchitectureContract as ArchitectureContract
    from genzoo_testing.contract import PluginContract as PluginContract
    from genzoo_testing.runner import check_plugin as check_plugin

_HOME = {
    "ArchitectureContract": "genzoo_testing.contract",
    "ContractError": "genzoo_testing.check",
    "Check": "genzoo_testing.check",
    "PluginContract": "genzoo_testing.contract",
    "Result": "genzoo_testing.check",
    "check_plugin": "genzoo_testing.runner",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'genzoo_testing' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
