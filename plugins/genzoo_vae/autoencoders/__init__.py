"""Latent autoencoders: fully convolutional, image to latent image and back."""
