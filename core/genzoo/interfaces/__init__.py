"""The interfaces that architectures and objectives implement."""
