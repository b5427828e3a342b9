"""Running the code of plugins so that whatever it does harms nobody else."""
