"""Vector quantisation (van den Oord et al. 2017) with a codebook of running means."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.interfaces.noise import derive_seed
from genzoo.quantisers.quantiser import Quantiser, straight_through

AT_ONCE = 1 << 24
"""Distances that are computed at a time."""

EPSILON = 1e-5


class VectorQuantiser(Quantiser):
    """Each vector becomes the nearest of a codebook.

    In training each code moves to the running mean of the vectors that it was nearest to (van den
    Oord et al. 2017, appendix A.1). The codebook begins with k-means over the first batch. A code
    that is hardly used begins anew at a vector of the batch (Dhariwal et al. 2020, section 3.3).
    Chance in both is a function of how often the codebook has moved.

    Args:
        dimensions: Numbers in a vector.
        size: How many codes.
        decay: Share of the running means that each batch keeps.
        revive: A code begins anew once its running count is below this share of the mean count.
        kmeans: Iterations of k-means at the start; 0 keeps random codes.
        cosine: Vectors and codes have length 1, as in ViT-VQGAN (Yu et al. 2022).
    """

    codebook: Tensor
    counts: Tensor
    sums: Tensor
    updates: Tensor

    def __init__(
        self,
        dimensions: int,
        size: int,
        *,
        decay: float = 0.99,
        revive: float = 0.05,
        kmeans: int = 10,
        cosine: bool = False,
    ) -> None:
        super().__init__(dimensions, size)
        self.decay = decay
        self.revive = revive
        self.kmeans = kmeans
        self.cosine = cosine
        codes = self._fitted(torch.randn(size, dimensions))
        self.register_buffer("codebook", codes)
        self.register_buffer("counts", torch.ones(size))
        self.register_buffer("sums", codes.clone())
        self.register_buffer("updates", torch.tensor(0))

    def quantise(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See `Quantiser`. The penalty is the commitment |x - sg(code)|^2."""
        rows = self._fitted(rows)
        values, codes = self.nearest(rows)
        penalty = (rows - values).square().sum(1)
        return straight_through(values, rows), codes.unsqueeze(1), penalty

    def nearest(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The codes' vectors (M, D) and codes (M,) of vectors (M, D); in training it learns."""
        points = rows.detach()
        if self.training and not self.updates:
            self._start(points)
        codes = _nearest(points, self.codebook.float())
        values = self.codebook[codes].float()
        if self.training:
            self._learn(points, codes)
        return values, codes

    def vectors(self, codes: Tensor) -> Tensor:
        """See `Quantiser`."""
        return self.codebook[codes[:, 0]]

    def _fitted(self, rows: Tensor) -> Tensor:
        return F.normalize(rows, dim=1) if self.cosine else rows

    @torch.no_grad()
    def _start(self, rows: Tensor) -> None:
        """K-means (Lloyd 1982) from random vectors of the batch."""
        if self.kmeans:
            self.codebook.copy_(self._chosen(rows))
        for _ in range(self.kmeans):
            counts, sums = self._totals(rows, _nearest(rows, self.codebook))
            means = self._fitted(sums / counts.clamp(min=1).unsqueeze(1))
            self.codebook.copy_(torch.where(counts.unsqueeze(1) > 0, means, self.codebook))
        self.counts.fill_(len(rows) * self.processes.size / self.size)
        self.sums.copy_(self.codebook * self.counts.unsqueeze(1))

    @torch.no_grad()
    def _learn(self, rows: Tensor, codes: Tensor) -> None:
        counts, sums = self._totals(rows, codes)
        self.counts.lerp_(counts, 1 - self.decay)
        self.sums.lerp_(sums, 1 - self.decay)
        mean = self.counts.mean()
        dead = (self.counts < self.revive * mean).unsqueeze(1)
        if bool(dead.any()):
            chosen = self._chosen(rows)
            self.counts.copy_(torch.where(dead[:, 0], mean, self.counts))
            self.sums.copy_(torch.where(dead, chosen * mean, self.sums))
        # Without the smoothing, a code that is never revived would be 0 / 0 in the end.
        smoothed = (self.counts + EPSILON) * (mean / (mean + EPSILON))
        self.codebook.copy_(self._fitted(self.sums / smoothed.unsqueeze(1)))
        self.updates += 1

    def _totals(self, rows: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Number (K,) and sum (K, D) of the vectors of each code, in all processes."""
        ones = torch.cat([rows, rows.new_ones(len(rows), 1)], 1)
        totals = ones.new_zeros(self.size, ones.shape[1]).index_add_(0, codes, ones)
        totals = self.processes.mean(totals) * self.processes.size
        return totals[:, -1], totals[:, :-1]

    def _chosen(self, rows: Tensor) -> Tensor:
        """Random vectors (K, D) of those of all processes, each once as far as they suffice."""
        total = len(rows) * self.processes.size
        seed = derive_seed("quantiser", int(self.updates), self.size)
        generator = torch.Generator().manual_seed(seed)
        order = torch.randperm(total, generator=generator)
        wanted = order.repeat(-(-self.size // total))[: self.size].to(rows.device)
        mine = wanted - self.processes.rank * len(rows)
        own = (mine >= 0) & (mine < len(rows))
        chosen = rows[mine.clamp(0, len(rows) - 1)] * own.unsqueeze(1)
        return self.processes.mean(chosen) * self.processes.size


def _nearest(rows: Tensor, codebook: Tensor) -> Tensor:
    """Number of the nearest code of each vector, (M,); of equally near ones the first."""
    squares = codebook.square().sum(1)
    blocks = rows.split(max(1, AT_ONCE // len(codebook)))
    return torch.cat([torch.addmm(squares, x, codebook.T, alpha=-2).argmin(1) for x in blocks])
