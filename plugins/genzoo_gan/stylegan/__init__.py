"""StyleGAN: a mapping network, styles that modulate convolutions, and what is trained with them."""
