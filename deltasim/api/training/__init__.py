"""Train the networks of a benchmark, or one on labelled sequences of one's own: ``deltasim train``."""

from deltasim.api.training.benchmark import train_benchmark
from deltasim.api.training.own import train_on

__all__ = ["train_benchmark", "train_on"]
