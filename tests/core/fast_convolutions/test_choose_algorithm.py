"""Which algorithm is chosen for which convolution."""

from __future__ import annotations

import torch

from genzoo.fast_convolutions.algorithms import Direct, Winograd
from genzoo.fast_convolutions.choose_algorithm import choose_algorithm, filtering_is_faster

BF16 = torch.bfloat16


def weight(small: int, large: int) -> torch.Tensor:
    return torch.empty(small, large, 4, 4).to(memory_format=torch.channels_last).requires_grad_()


def test_filtering_is_taken_where_there_is_much_to_multiply_and_only_where_it_fits() -> None:
    wide = weight(256, 128)
    assert filtering_is_faster(wide, (64, 4, 4), "training", BF16)
    assert not filtering_is_faster(wide, (2, 4, 4), "training", BF16)
    assert not filtering_is_faster(wide, (0, 4, 4), "training", BF16)
    assert not filtering_is_faster(wide, (64, 5, 4), "training", BF16)
    assert not filtering_is_faster(wide[:, :16], (64, 4, 4), "training", BF16)
    assert not filtering_is_faster(wide.contiguous(), (64, 4, 4), "training", BF16)
    assert not filtering_is_faster(wide, (64, 4, 4), "sampling", torch.float32)
    assert not filtering_is_faster(wide, (64, 4, 4), "once", BF16)
    assert not filtering_is_faster(wide, (64, 4, 4), "training", torch.float64)


def test_what_is_chosen_follows_from_the_shapes_and_from_what_learns() -> None:
    def chosen(x: torch.Tensor, kernel: torch.Tensor, transposed: bool = False) -> object:
        return choose_algorithm(x, kernel, BF16, transposed=transposed, final=False)

    wide, thin = weight(256, 128), weight(8, 3)
    maps = torch.empty(64, 128, 8, 8)
    assert chosen(maps, wide) == Winograd(False)
    assert chosen(maps[..., :7], wide) == Direct(False, product=True)
    assert chosen(torch.empty(64, 256, 8, 8), wide, transposed=True) == Winograd(True)
    assert chosen(torch.empty(64, 8, 8, 8), thin, transposed=True) == Direct(True, subpixel=True)
    assert chosen(torch.empty(8, 8, 8, 8), thin, transposed=True) is None
    images = torch.empty(64, 3, 16, 16)
    assert chosen(images, thin) is None
    assert chosen(images.requires_grad_(), thin) == Direct(False, subpixel=True)
    with torch.no_grad():
        assert chosen(images, thin) is None
        assert chosen(maps, wide) is None


def test_sampling_filters_weights_that_are_final_in_bfloat16_alone() -> None:
    wide, x = weight(256, 128).requires_grad_(False), torch.empty(64, 256, 4, 4)
    for dtype, final, expected in (
        (BF16, True, Winograd(True)),
        (BF16, False, None),
        (torch.float32, True, None),
    ):
        assert choose_algorithm(x, wide, dtype, transposed=True, final=final) == expected
