"""What the objective `autoencoder` is made of."""
