"""The metrics that come with genzoo."""
