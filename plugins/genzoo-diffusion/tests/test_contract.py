"""What genzoo asks of every plugin."""

from __future__ import annotations

from genzoo.testing import PluginContract


class TestGenzooDiffusion(PluginContract):
    """Everything that the plugin registers: one test for each check."""

    package = "genzoo-diffusion"
