"""What the command line and Python share: from names and options to models."""
