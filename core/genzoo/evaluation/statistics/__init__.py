"""The mathematics of the metrics, on plain arrays of features."""
