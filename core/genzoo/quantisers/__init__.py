"""Layers that turn vectors into codes, and what architectures need to offer a choice of them."""
