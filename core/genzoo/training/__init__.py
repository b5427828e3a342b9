"""The phase engine, the trainer and its run folders."""
