"""Adaptive discriminator augmentation (ADA): Karras et al. 2020, arXiv:2006.06676."""
