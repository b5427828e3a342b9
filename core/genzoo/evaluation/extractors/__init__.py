"""The feature spaces that come with genzoo."""
