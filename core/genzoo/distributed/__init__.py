"""Several processes that work on one thing: their messages, and work divided among them."""
