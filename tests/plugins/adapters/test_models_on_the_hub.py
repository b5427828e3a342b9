"""An autoencoder of diffusers in a folder of a repository, through the real client of the Hub."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hub_server import HubServer
from local_hub import _serving, hub
from published import NAME

import genzoo
from genzoo.plugins import manager as plugin_manager
from genzoo.plugins.manager import PluginManager

__all__ = ["_serving", "hub"]

ADAPTERS = Path(__file__).parents[3] / "plugins" / "genzoo-adapters"


@pytest.mark.filterwarnings("ignore")
@torch.no_grad()
def test_it_is_pulled_and_computes_what_diffusers_does(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ADAPTERS))
    # After `local_hub`, which says where the client finds the Hub.
    import diffusers

    import genzoo_adapters

    manager = PluginManager()
    manager.add(genzoo_adapters, "genzoo-adapters", "0.1")
    monkeypatch.setattr(plugin_manager, "default_manager", lambda: manager)
    torch.manual_seed(0)
    theirs = diffusers.VQModel(
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(16, 32),
        norm_num_groups=8,
        vq_embed_dim=4,
        num_vq_embeddings=32,
    ).eval()
    theirs.save_pretrained(tmp_path / "saved")
    repository = hub.add(NAME)
    repository.put("model_index.json", b"{}")
    for file in (tmp_path / "saved").iterdir():
        repository.put(f"vqvae/{file.name}", file.read_bytes())
    ours = genzoo.load(f"{NAME}/vqvae")
    x = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1
    expected = theirs(x).sample.clamp(-1, 1)
    torch.testing.assert_close(ours.reconstruct(x), expected, rtol=1e-4, atol=1e-4)
