"""genzoo: train, sample and share generative models; new architectures are packages away.

Everything here is the public API that plugins and applications use. Names are imported on first
use, so `import genzoo` costs milliseconds and does not import torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from genzoo.version import __version__ as __version__

if TYPE_CHECKING:
    from genzoo.app.blueprint import Blueprint as Blueprint
    from genzoo.app.blueprint import build as build
    from genzoo.app.evaluate import evaluate as evaluate
    from genzoo.app.foreign_checkpoints import recognise_checkpoint as recognise_checkpoint
    from genzoo.app.open_model import known_names as known_names
    from genzoo.app.open_model import load as load
    from genzoo.app.publish import pull as pull
    from genzoo.app.publish import push as push
    from genzoo.app.publish import save_model as save_model
    from genzoo.app.publish import verify as verify
    from genzoo.app.publish import write_evaluations as write_evaluations
    from genzoo.app.read_and_save_samples import save as save
    from genzoo.app.train import train as train
    from genzoo.cli.completion import complete_architecture as complete_architecture
    from genzoo.cli.fields import field_options as field_options
    from genzoo.cli.loaded_plugins import plugin_registry as plugin_registry
    from genzoo.cli.options import HomePath as HomePath
    from genzoo.cli.options import out_option as out_option
    from genzoo.cli.options import output_options as output_options
    from genzoo.cli.output_paths import refuse_loss as refuse_loss
    from genzoo.cli.printing import output as output
    from genzoo.data.arrays import number_labels as number_labels
    from genzoo.data.class_folders import folder_labels as folder_labels
    from genzoo.data.content_digests import file_digests as file_digests
    from genzoo.data.content_digests import remembered as remembered
    from genzoo.data.fingerprint import digest as digest
    from genzoo.data.folder_listing import holds_files as holds_files
    from genzoo.data.folder_listing import nothing_there as nothing_there
    from genzoo.data.split_folders import is_split as is_split
    from genzoo.data.split_folders import split_to_train_on as split_to_train_on
    from genzoo.doctor.distances import repeats_by_chance as repeats_by_chance
    from genzoo.errors import ArtifactError as ArtifactError
    from genzoo.errors import CapabilityError as CapabilityError
    from genzoo.errors import ConfigError as ConfigError
    from genzoo.errors import DataError as DataError
    from genzoo.errors import GenzooError as GenzooError
    from genzoo.errors import HubError as HubError
    from genzoo.errors import SpecError as SpecError
    from genzoo.errors import StorageError as StorageError
    from genzoo.errors import UnknownNameError as UnknownNameError
    from genzoo.errors import UsageError as UsageError
    from genzoo.errors import unknown_name as unknown_name
    from genzoo.evaluation.evaluation_record import EvaluationRecord as EvaluationRecord
    from genzoo.evaluation.intervals import Interval as Interval
    from genzoo.evaluation.intervals import bootstrap_mean as bootstrap_mean
    from genzoo.evaluation.intervals import share as share
    from genzoo.evaluation.metric import Estimate as Estimate
    from genzoo.evaluation.metric import Metric as Metric
    from genzoo.evaluation.published_weights import published_weights as published_weights
    from genzoo.evaluation.student import mean_of_few as mean_of_few
    from genzoo.evaluation.student import student_interval as student_interval
    from genzoo.evaluation.subject import Subject as Subject
    from genzoo.hub.hub_errors import asking_hub as asking_hub
    from genzoo.hub.hub_errors import named_wait as named_wait
    from genzoo.hub.repository_info import repository_info as repository_info
    from genzoo.hub.timed_requests import within as within
    from genzoo.interfaces.architecture import Architecture as Architecture
    from genzoo.interfaces.data_source import Blocks as Blocks
    from genzoo.interfaces.data_source import Content as Content
    from genzoo.interfaces.data_source import DataSource as DataSource
    from genzoo.interfaces.data_source import DecodedSource as DecodedSource
    from genzoo.interfaces.data_source import Encoded as Encoded
    from genzoo.interfaces.data_source import FileSource as FileSource
    from genzoo.interfaces.data_source import Labels as Labels
    from genzoo.interfaces.data_source import RawSamples as RawSamples
    from genzoo.interfaces.data_source import SourceRequest as SourceRequest
    from genzoo.interfaces.decoded import Decoded as Decoded
    from genzoo.interfaces.decoded import Layout as Layout
    from genzoo.interfaces.decoded import UndecodableError as UndecodableError
    from genzoo.interfaces.distributions import Likelihood as Likelihood
    from genzoo.interfaces.distributions import Posterior as Posterior
    from genzoo.interfaces.feature_extractor import FeatureExtractor as FeatureExtractor
    from genzoo.interfaces.feature_network import FeatureNetwork as FeatureNetwork
    from genzoo.interfaces.foreign_checkpoint import ForeignCheckpoint as ForeignCheckpoint
    from genzoo.interfaces.foreign_checkpoint import ForeignObject as ForeignObject
    from genzoo.interfaces.foreign_model import ForeignModel as ForeignModel
    from genzoo.interfaces.image_pyramid import ImagePyramid as ImagePyramid
    from genzoo.interfaces.kind import Kind as Kind
    from genzoo.interfaces.likelihoods import Bernoulli as Bernoulli
    from genzoo.interfaces.likelihoods import Categorical as Categorical
    from genzoo.interfaces.likelihoods import DiscretisedLogistic as DiscretisedLogistic
    from genzoo.interfaces.likelihoods import Gaussian as Gaussian
    from genzoo.interfaces.name_patterns import LabelPattern as LabelPattern
    from genzoo.interfaces.name_patterns import label_in_name as label_in_name
    from genzoo.interfaces.networks import Decoder as Decoder
    from genzoo.interfaces.networks import Discriminator as Discriminator
    from genzoo.interfaces.networks import Encoder as Encoder
    from genzoo.interfaces.networks import Generator as Generator
    from genzoo.interfaces.networks import InvertibleGenerator as InvertibleGenerator
    from genzoo.interfaces.networks import StyleGenerator as StyleGenerator
    from genzoo.interfaces.noise import BatchNoise as BatchNoise
    from genzoo.interfaces.noise import Noise as Noise
    from genzoo.interfaces.noise import SampleNoise as SampleNoise
    from genzoo.interfaces.objective import Objective as Objective
    from genzoo.interfaces.objective import OptimizerSettings as OptimizerSettings
    from genzoo.interfaces.objective import Phase as Phase
    from genzoo.interfaces.objective import Term as Term
    from genzoo.interfaces.objective import Terms as Terms
    from genzoo.interfaces.objective import TrainingContext as TrainingContext
    from genzoo.interfaces.posteriors import DiagonalGaussian as DiagonalGaussian
    from genzoo.interfaces.prior import FittedPrior as FittedPrior
    from genzoo.interfaces.prior import Prior as Prior
    from genzoo.interfaces.prior import StandardNormal as StandardNormal
    from genzoo.interfaces.ramp import ramp as ramp
    from genzoo.interfaces.sound import Sound as Sound
    from genzoo.interfaces.tracker import RunDescription as RunDescription
    from genzoo.interfaces.tracker import Tracker as Tracker
    from genzoo.interfaces.training_step import Batch as Batch
    from genzoo.interfaces.training_step import Step as Step
    from genzoo.interfaces.vital_signs import CodeUse as CodeUse
    from genzoo.interfaces.vital_signs import LatentUse as LatentUse
    from genzoo.interfaces.vital_signs import Separation as Separation
    from genzoo.interfaces.vital_signs import VitalSign as VitalSign
    from genzoo.media.image_kind import save_images as save_images
    from genzoo.media.save_samples import save_samples as save_samples
    from genzoo.model.directions import Directions as Directions
    from genzoo.model.directions import find_directions as find_directions
    from genzoo.model.fold_batch_norm import fold_batch_norm as fold_batch_norm
    from genzoo.model.importance_sampling import estimate_log_likelihood as estimate_log_likelihood
    from genzoo.model.importance_sampling import log_weights as log_weights
    from genzoo.model.inversion import Inversion as Inversion
    from genzoo.model.inversion import invert as invert
    from genzoo.model.model import Model as Model
    from genzoo.model.open_feature_network import feature_network as feature_network
    from genzoo.model.reshape import reshape as reshape
    from genzoo.model.styles import edit as edit
    from genzoo.model.styles import mix_styles as mix_styles
    from genzoo.plugins.hookspecs import hookimpl as hookimpl
    from genzoo.quantisers.code_prior import CodePrior as CodePrior
    from genzoo.quantisers.options import CodePriorConfig as CodePriorConfig
    from genzoo.quantisers.options import QuantiserConfig as QuantiserConfig
    from genzoo.quantisers.options import make_quantiser as make_quantiser
    from genzoo.quantisers.posterior import QuantisedPosterior as QuantisedPosterior
    from genzoo.quantisers.quantiser import Quantised as Quantised
    from genzoo.quantisers.quantiser import Quantiser as Quantiser
    from genzoo.records import *  # noqa: F403
    from genzoo.specs import Config as Config
    from genzoo.specs import LatentSpec as LatentSpec
    from genzoo.specs import SampleSpec as SampleSpec
    from genzoo.system.atomic_files import atomic_write as atomic_write
    from genzoo.system.atomic_files import settle as settle
    from genzoo.system.atomic_files import storage_errors as storage_errors
    from genzoo.system.thread_waiting import sharing_processors as sharing_processors
    from genzoo.system.torch_globals import plain_modes as plain_modes
    from genzoo.training.training_config import TrainingConfig as TrainingConfig

_HOME = {
    "genzoo.app.blueprint": ("Blueprint", "build"),
    "genzoo.app.evaluate": ("evaluate",),
    "genzoo.app.foreign_checkpoints": ("recognise_checkpoint",),
    "genzoo.app.open_model": ("known_names", "load"),
    "genzoo.app.publish": ("pull", "push", "save_model", "verify", "write_evaluations"),
    "genzoo.app.read_and_save_samples": ("save",),
    "genzoo.app.train": ("train",),
    "genzoo.cli.completion": ("complete_architecture",),
    "genzoo.cli.fields": ("field_options",),
    "genzoo.cli.options": (
        "HomePath",
        "out_option",
        "output_options",
    ),
    "genzoo.cli.printing": ("output",),
    "genzoo.cli.output_paths": ("refuse_loss",),
    "genzoo.cli.loaded_plugins": ("plugin_registry",),
    "genzoo.system.torch_globals": ("plain_modes",),
    "genzoo.system.atomic_files": ("atomic_write", "settle", "storage_errors"),
    "genzoo.data.arrays": ("number_labels",),
    "genzoo.data.class_folders": ("folder_labels",),
    "genzoo.data.content_digests": ("file_digests", "remembered"),
    "genzoo.data.fingerprint": ("digest",),
    "genzoo.data.folder_listing": ("holds_files", "nothing_there"),
    "genzoo.data.split_folders": ("is_split", "split_to_train_on"),
    "genzoo.hub.hub_errors": ("asking_hub", "named_wait"),
    "genzoo.hub.repository_info": ("repository_info",),
    "genzoo.hub.timed_requests": ("within",),
    "genzoo.interfaces.data_source": (
        "Blocks",
        "Content",
        "DataSource",
        "DecodedSource",
        "Encoded",
        "FileSource",
        "Labels",
        "RawSamples",
        "SourceRequest",
    ),
    "genzoo.errors": (
        "ArtifactError",
        "CapabilityError",
        "ConfigError",
        "DataError",
        "GenzooError",
        "HubError",
        "SpecError",
        "StorageError",
        "UnknownNameError",
        "UsageError",
        "unknown_name",
    ),
    "genzoo.interfaces.feature_extractor": ("FeatureExtractor",),
    "genzoo.interfaces.feature_network": ("FeatureNetwork",),
    "genzoo.doctor.distances": ("repeats_by_chance",),
    "genzoo.evaluation.intervals": ("Interval", "bootstrap_mean", "share"),
    "genzoo.evaluation.metric": ("Estimate", "Metric"),
    "genzoo.evaluation.published_weights": ("published_weights",),
    "genzoo.evaluation.evaluation_record": ("EvaluationRecord",),
    "genzoo.evaluation.student": ("mean_of_few", "student_interval"),
    "genzoo.evaluation.subject": ("Subject",),
    "genzoo.interfaces.architecture": ("Architecture",),
    "genzoo.interfaces.distributions": ("Likelihood", "Posterior"),
    "genzoo.interfaces.foreign_checkpoint": ("ForeignCheckpoint", "ForeignObject"),
    "genzoo.interfaces.foreign_model": ("ForeignModel",),
    "genzoo.interfaces.decoded": ("Decoded", "Layout", "UndecodableError"),
    "genzoo.interfaces.image_pyramid": ("ImagePyramid",),
    "genzoo.interfaces.kind": ("Kind",),
    "genzoo.interfaces.likelihoods": (
        "Bernoulli",
        "Categorical",
        "DiscretisedLogistic",
        "Gaussian",
    ),
    "genzoo.interfaces.name_patterns": ("LabelPattern", "label_in_name"),
    "genzoo.interfaces.networks": (
        "Decoder",
        "Discriminator",
        "Encoder",
        "Generator",
        "InvertibleGenerator",
        "StyleGenerator",
    ),
    "genzoo.interfaces.noise": ("BatchNoise", "Noise", "SampleNoise"),
    "genzoo.interfaces.objective": (
        "Objective",
        "OptimizerSettings",
        "Phase",
        "Term",
        "Terms",
        "TrainingContext",
    ),
    "genzoo.interfaces.posteriors": ("DiagonalGaussian",),
    "genzoo.interfaces.prior": ("FittedPrior", "Prior", "StandardNormal"),
    "genzoo.interfaces.ramp": ("ramp",),
    "genzoo.interfaces.sound": ("Sound",),
    "genzoo.interfaces.training_step": ("Batch", "Step"),
    "genzoo.interfaces.tracker": ("RunDescription", "Tracker"),
    "genzoo.interfaces.vital_signs": ("CodeUse", "LatentUse", "Separation", "VitalSign"),
    "genzoo.media.image_kind": ("save_images",),
    "genzoo.media.save_samples": ("save_samples",),
    "genzoo.model.fold_batch_norm": ("fold_batch_norm",),
    "genzoo.model.importance_sampling": ("estimate_log_likelihood", "log_weights"),
    "genzoo.model.directions": ("Directions", "find_directions"),
    "genzoo.model.inversion": ("Inversion", "invert"),
    "genzoo.model.model": ("Model",),
    "genzoo.model.styles": ("edit", "mix_styles"),
    "genzoo.model.open_feature_network": ("feature_network",),
    "genzoo.model.reshape": ("reshape",),
    "genzoo.plugins.hookspecs": ("hookimpl",),
    "genzoo.quantisers.code_prior": ("CodePrior",),
    "genzoo.quantisers.options": ("CodePriorConfig", "QuantiserConfig", "make_quantiser"),
    "genzoo.quantisers.posterior": ("QuantisedPosterior",),
    "genzoo.quantisers.quantiser": ("Quantised", "Quantiser"),
    "genzoo.specs": ("Config", "LatentSpec", "SampleSpec"),
    "genzoo.training.training_config": ("TrainingConfig",),
    "genzoo.system.thread_waiting": ("sharing_processors",),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}


def _public_names() -> list[str]:
    """All of them; those of records are listed where the records are."""
    return ["__version__", *_MODULE_OF, *import_module("genzoo.records").__all__]


def __getattr__(name: str) -> Any:
    if name == "__all__":
        value: Any = _public_names()
    elif name in _MODULE_OF:
        value = getattr(import_module(_MODULE_OF[name]), name)
    elif not name.startswith("_") and name in _public_names():
        value = getattr(import_module("genzoo.records"), name)
    else:
        raise AttributeError(f"module 'genzoo' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_public_names())
