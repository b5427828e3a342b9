"""What is saved is what is loaded."""

import json
import stat

import pytest
import torch
from safetensors import safe_open
from toys import ToyPrior

from genzoo import CapabilityError, SampleSpec, UsageError
from genzoo.artifact.format import read_config
from genzoo.artifact.load import load_model
from genzoo.artifact.save import save_model
from genzoo.artifact.tensors import load_tensors, save_tensors
from genzoo.artifact.verify import verify
from genzoo.errors import PluginError
from genzoo.model.build import build_model
from genzoo.records import ArchitectureSpec, KindSpec
from genzoo.registry import Registry


def test_samples_are_bit_equal(toy_gan, artifact, registry):
    loaded = load_model(artifact, registry)
    assert torch.equal(loaded.sample(9, seed=5), toy_gan.sample(9, seed=5))
    assert loaded.sample_spec == toy_gan.sample_spec
    assert loaded.architecture_name == "genzoo-toys/toy-gan"


def test_only_what_inference_needs_is_stored(artifact, registry):
    loaded = load_model(artifact, registry)
    assert list(loaded.parts) == ["generator"]
    with safe_open(artifact / "model.safetensors", "pt") as file:
        assert all(name.startswith("parts.generator.") for name in file.keys())  # noqa: SIM118


def test_all_parts_on_request(toy_gan, registry, tmp_path):
    parts = ("generator", "discriminator")
    save_model(toy_gan, tmp_path / "a", registry=registry, parts=parts)
    loaded = load_model(tmp_path / "a", registry)
    assert set(loaded.parts) == set(parts)
    assert torch.equal(
        loaded.parts["discriminator"].layer.weight, toy_gan.parts["discriminator"].layer.weight
    )


def test_an_absent_part_cannot_be_saved(toy_gan, registry, tmp_path):
    with pytest.raises(CapabilityError, match="'critic'"):
        save_model(toy_gan, tmp_path / "a", registry=registry, parts=("critic",))


def test_integer_buffers_survive(toy_gan, artifact, registry):
    counter = load_model(artifact, registry).parts["generator"].norm.num_batches_tracked
    assert counter.dtype == torch.int64
    assert counter.item() == 1234567


def test_loaded_model_is_for_inference(artifact, registry):
    loaded = load_model(artifact, registry)
    assert not any(module.training for module in loaded.modules())
    assert not any(parameter.requires_grad for parameter in loaded.parameters())


@pytest.mark.parametrize(
    "config",
    [
        {"spectral": True},
        {"old_spectral": True},
        {"tied": True},
        {"hidden": True},
        {"stubborn": True},
        {"tied": True, "hidden": True, "width": 7},
    ],
    ids=lambda config: "+".join(config),
)
def test_awkward_networks(config, registry, tmp_path):
    model = build_model(registry, "toy-gan", SampleSpec(shape=(1, 4, 4)), config, seed=4)
    with torch.no_grad():
        model.train()
        for _ in range(3):
            model.parts["generator"](torch.randn(8, 6))
        model.eval()
    save_model(model, tmp_path / "a", registry=registry)
    loaded = load_model(tmp_path / "a", registry)
    assert torch.equal(loaded.sample(5), model.sample(5))
    assert verify(tmp_path / "a", registry).ok


def test_tied_weights_are_stored_once_and_stay_tied(registry, tmp_path):
    model = build_model(registry, "toy-gan", SampleSpec(shape=(1, 4, 4)), {"tied": True})
    save_model(model, tmp_path / "a", registry=registry, golden=False)
    with safe_open(tmp_path / "a" / "model.safetensors", "pt") as file:
        names = set(file.keys())
    assert len(names & {"parts.generator.second.weight", "parts.generator.third.weight"}) == 1
    generator = load_model(tmp_path / "a", registry).parts["generator"]
    assert generator.second.weight is generator.third.weight


def test_views_of_one_storage_that_differ_are_no_ties(tmp_path):
    square = torch.arange(9.0).view(3, 3)
    views = {
        "whole": square,
        "transposed": square.T,
        "first": square[:2],
        "last": square[1:],
        "row": square[0],
        "bits": square.view(torch.int32),
    }
    save_tensors(tmp_path / "a.safetensors", views)
    loaded, metadata = load_tensors(tmp_path / "a.safetensors")
    assert metadata == {}
    assert loaded.keys() == views.keys()
    for name, view in views.items():
        assert torch.equal(loaded[name], view), name


def test_conditional_model(registry, tmp_path):
    sample = SampleSpec(shape=(3, 4, 4), classes=("dog", "cat", "ape"))
    model = build_model(registry, "toy-gan", sample, {})
    save_model(model, tmp_path / "a", registry=registry)
    loaded = load_model(tmp_path / "a", registry)
    assert loaded.sample_spec.classes == ("dog", "cat", "ape")
    assert torch.equal(loaded.sample(4, labels=[2, 2, 0, 1]), model.sample(4, labels=[2, 2, 0, 1]))
    assert verify(tmp_path / "a", registry).ok


def test_fitted_prior_comes_back(toy_vae, registry, tmp_path):
    save_model(toy_vae, tmp_path / "a", registry=registry)
    loaded = load_model(tmp_path / "a", registry)
    prior = loaded.prior("shifted")
    assert isinstance(prior, ToyPrior)
    assert prior.config.scale == 0.5
    assert torch.equal(loaded.sample(3, prior="shifted"), toy_vae.sample(3, prior="shifted"))
    assert not torch.equal(loaded.sample(3), loaded.sample(3, prior="shifted"))


def test_unregistered_prior_cannot_be_saved(toy_vae, registry, tmp_path):
    without = Registry()
    for record in (ArchitectureSpec, KindSpec):
        for entry in registry[record].values():
            without[record].add(entry)
    with pytest.raises(PluginError, match="ToyPrior is not registered"):
        save_model(toy_vae, tmp_path / "a", registry=without)
    assert not (tmp_path / "a").exists()


def test_half_precision_halves_matrices_alone(registry, tmp_path):
    model = build_model(registry, "toy-gan", SampleSpec(shape=(3, 8, 8)), {"width": 64})
    save_model(model, tmp_path / "full", registry=registry, preview=False)
    save_model(model, tmp_path / "half", registry=registry, preview=False, half=True)
    with safe_open(tmp_path / "half" / "model.safetensors", "pt") as file:
        types = {name: file.get_slice(name).get_dtype() for name in file.keys()}  # noqa: SIM118
    assert types["parts.generator.last.weight"] == "F16"
    assert types["parts.generator.last.bias"] == "F32"
    assert types["parts.generator.norm.weight"] == "F32"
    assert types["parts.generator.norm.running_mean"] == "F32"
    sizes = [(tmp_path / kind / "model.safetensors").stat().st_size for kind in ("half", "full")]
    assert sizes[0] < 0.6 * sizes[1]
    loaded = load_model(tmp_path / "half", registry)
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}
    expected = model.parts["generator"].last.weight.half().float()
    assert torch.equal(loaded.parts["generator"].last.weight, expected)
    assert read_config(tmp_path / "half").dtype == "float16"
    assert verify(tmp_path / "half", registry).ok


def test_half_precision_keeps_what_would_overflow(registry, tmp_path):
    model = build_model(registry, "toy-gan", SampleSpec(shape=(1, 4, 4)), {})
    with torch.no_grad():
        model.parts["generator"].first.weight[0, 0] = 1e5
    save_model(model, tmp_path / "a", registry=registry, half=True)
    loaded = load_model(tmp_path / "a", registry)
    assert loaded.parts["generator"].first.weight[0, 0] == 1e5


def test_config_holds_the_whole_recipe(toy_gan, registry, tmp_path):
    save_model(
        toy_gan,
        tmp_path / "a",
        registry=registry,
        objective="genzoo/r3gan",
        objective_config={"gamma": 1.0},
        training={"steps": 12, "seed": 3, "data": "peeps"},
    )
    content = json.loads((tmp_path / "a" / "config.json").read_text())
    assert content["architecture"] == "genzoo-toys/toy-gan"
    assert content["provider"] == {
        "distribution": "genzoo-toys",
        "version": "1.2.3",
        "accepts": ">=1.2",
    }
    assert content["objective"] == {"name": "genzoo/r3gan", "config": {"gamma": 1.0}}
    assert content["training"] == {"steps": 12, "seed": 3, "data": "peeps"}
    assert set(content["files"]) == {"model.safetensors", "preview.png", "test/golden.safetensors"}


def test_card(toy_gan, registry, tmp_path):
    save_model(toy_gan, tmp_path / "a", registry=registry, licence="CC0-1.0", training={"steps": 7})
    card = (tmp_path / "a" / "README.md").read_text(encoding="utf-8")
    front = card.split("---")[1]
    assert "library_name: genzoo" in front
    assert 'license: "cc0-1.0"' in front
    assert "pipeline_tag: unconditional-image-generation" in front
    assert "pip install genzoo genzoo-toys" in card
    assert "| Steps | 7 |" in card
    save_model(toy_gan, tmp_path / "a", registry=registry, card="my own")
    assert (tmp_path / "a" / "README.md").read_text() == "my own"


def test_files_can_be_read_by_others(artifact):
    plain = artifact.parent / "plain"
    plain.touch()
    usual = stat.S_IMODE(plain.stat().st_mode)
    modes = {stat.S_IMODE(p.stat().st_mode) for p in artifact.rglob("*") if p.is_file()}
    assert modes == {usual}


def test_saving_replaces_an_artifact_whole(toy_gan, toy_vae, registry, tmp_path):
    save_model(toy_gan, tmp_path / "a", registry=registry)
    save_model(toy_vae, tmp_path / "a", registry=registry, preview=False, golden=False)
    assert not (tmp_path / "a" / "preview.png").exists()
    assert load_model(tmp_path / "a", registry).can_encode
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_folder_with_other_content_is_not_replaced(toy_gan, registry, tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(UsageError, match="holds no model"):
        save_model(toy_gan, tmp_path, registry=registry)
    assert (tmp_path / "thesis.tex").read_text() == "precious"


def test_writing_to_loaded_weights_does_not_change_the_file(artifact, registry):
    before = (artifact / "model.safetensors").read_bytes()
    loaded = load_model(artifact, registry)
    loaded.parts["generator"].first.weight.fill_(7.0)
    assert (artifact / "model.safetensors").read_bytes() == before


def test_global_random_state_is_left_alone(artifact, toy_gan, registry, tmp_path):
    state = torch.random.get_rng_state()
    load_model(artifact, registry)
    save_model(toy_gan, tmp_path / "b", registry=registry)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_unknown_device(artifact, registry):
    with pytest.raises(UsageError, match="'abacus' is not available"):
        load_model(artifact, registry, device="abacus")


def test_equal_tensors_and_notes_are_equal_bytes(tmp_path):
    tensors = {"b": torch.zeros(3), "a": torch.ones(2)}
    notes = {f"note {number}": 'text "\\\n\u00e9\u2028' for number in range(9)}
    written = set()
    for _ in range(16):
        save_tensors(tmp_path / "x", tensors, notes)
        written.add((tmp_path / "x").read_bytes())
    assert len(written) == 1
    assert load_tensors(tmp_path / "x")[1] == notes


def test_equal_models_are_equal_bytes(tmp_path, toy_vae, registry):
    folders = [tmp_path / str(number) for number in range(6)]
    for folder in folders:
        save_model(toy_vae, folder, registry=registry)
    names = sorted(path.relative_to(folders[0]) for path in folders[0].rglob("*") if path.is_file())
    for name in names:
        assert len({(folder / name).read_bytes() for folder in folders}) == 1, name
