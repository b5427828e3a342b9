"""What the command line and `genzoo.*` share: each of them is a thin skin over this."""
