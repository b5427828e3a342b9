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
    from genzoo.testing.check import Check as Check
    from genzoo.testing.check import ContractError as ContractError
    from genzoo.testing.check import Result as Result
    from genzoo.testing.contract import ArchitectureContract as ArchitectureContract
    from genzoo.testing.contract import PluginContract as PluginContract
    from genzoo.testing.runner import check_plugin as check_plugin

_HOME = {
    "ArchitectureContract": "genzoo.testing.contract",
    "ContractError": "genzoo.testing.check",
    "Check": "genzoo.testing.check",
    "PluginContract": "genzoo.testing.contract",
    "Result": "genzoo.testing.check",
    "check_plugin": "genzoo.testing.runner",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'genzoo.testing' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
