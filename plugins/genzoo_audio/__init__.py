"""Sounds for genzoo: the kind `audio`, networks and an objective for waveforms, and metrics.

This module is the plugin: it registers records and imports no torch.
"""

from __future__ import annotations

from genzoo import KindSpec, hookimpl


@hookimpl
def genzoo_kinds() -> list[KindSpec]:
    """Sounds of one length and rate."""
    return [
        KindSpec(
            name="audio",
            summary="Sounds of any rate: wav, flac, ogg and mp3, heard as .wav, seen as spectra",
            target="genzoo_audio.audio_kind:AudioKind",
            config="genzoo_audio.options:AudioOptions",
        )
    ]
