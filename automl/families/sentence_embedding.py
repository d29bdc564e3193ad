"""Small networks on sentence embeddings, trained as packs, and the last block of the network behind them trained further."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from automl.budget import Deadline
from automl.families._footprint import Footprint
from automl.families._inputs import category_layer, spanned
from automl.families._narrow import NarrowFamily
from automl.families._pictures import step_work
from automl.families._sentences import MULTIPLICATIONS, LastSentenceBlock
from automl.families.base import Config, Tags, Trained, TrainingData
from automl.families.networks import INPUTS
from automl.layers import PackedDense, PackedDropout, PackedModel
from automl.layers.packed import zeros
from automl.layers.text import Shared
from automl.preprocessing.base import Spec
from automl.preprocessing.sentences import tuned_rows
from automl.pretrained.sentence_network import UNITS
from automl.training import PackResult, Schedule

ARRAYS = {"head": "sentence", "last_block": "sentence_middle"}  # what is trained, and the array that it reads
SCALE = 10.0  # of vectors of length 1, whose values are small beside scaled columns
LOOKS = 2  # at the rows that were left out, while the last block is trained
BATCH = 32
FIRST_PACE = 4e10  # multiplications per second of a step of the last block, on two cores, before any was measured
PREDICTION_PACE = 2e10  # multiplications per second on one core, forward


class SentenceEmbedding(NarrowFamily):
    """Transfer learning for text: vectors of all-MiniLM-L6-v2 beside the other columns under a small network; then its last block, too.

    Source: Reimers and Gurevych (2019), "Sentence-BERT", arXiv:1908.10084; Wang et al. (2020), "MiniLM", arXiv:2002.10957. It takes part
    where the package with the weights is installed and the budget allows to compute the vectors. The lighter choice are weighted means of
    GloVe vectors (Arora, Liang and Ma, 2017), from another package; see :mod:`automl.preprocessing.sources`.

    At first the network stays as it is. Where time and memory allow it, its last block is then trained further, each fold's own, with a
    smaller learning rate than the new layers behind it (Howard and Ruder, 2018, arXiv:1801.06146), from the values in front of it, which
    are computed once. A few thousand rows twice are enough: of 5,485 reports in eight classes a fifth that was left out had a log-loss of
    0.132 with the network as it is, of 0.085 after two passes on 16 places of each text, and of 0.087 after three. Its matrices are stored
    in half precision, which is 3.5 MB for each fold.
    """

    name = "sentence_embedding"
    title = "Sentence embeddings"
    tags = Tags(kind="network", inputs=frozenset({"sentence"}), rank=-9)
    per_member = frozenset({"learning_rate", "weight_decay", "dropout"})
    reads = (*INPUTS, *ARRAYS.values())
    pack_configs = 8

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare what is trained, hidden layers and units, learning rate, its factor for the last block, weight decay and dropout."""
        hp.Choice("trained", list(ARRAYS) if spec.further("sentence_middle") is not None else ["head"], default="head")
        hp.Choice("block_rate", [0.03, 0.1, 0.3], default=0.3)
        hp.Choice("layers", [0, 1, 2], default=1)
        hp.Choice("units", [64, 128, 256], default=128)
        hp.Float("learning_rate", 3e-4, 2e-2, sampling="log", default=3e-3)
        hp.Float("weight_decay", 1e-3, 0.5, sampling="log", default=5e-2)
        hp.Float("dropout", 0.0, 0.7, step=0.05, default=0.3)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return a pack of small networks, the last block, then a linear head (no source; chosen to span the space)."""
        rates = [(3e-3, 0.3), (1e-3, 0.5), (1e-3, 0.1), (6e-3, 0.5)]
        alone = not (spec.numbers or spec.encoded or spec.categories)
        tuned = spanned([(3e-3, 0.1)], trained="last_block", layers=0 if alone else 1)
        return [
            *spanned(rates),
            *(tuned if spec.further("sentence_middle") is not None else []),
            *spanned([(3e-3, 0.3), (1e-2, 0.5)], layers=0),
        ]

    def schedule(self, spec: Spec, config: Config, seed: int, configs: int) -> Schedule:
        """Return epochs and batch size; the last block sees few rows in small batches, and is looked at after each half of them."""
        if not is_tuned(config):
            return super().schedule(spec, config, seed, configs)
        steps = tuned_rows(spec.rows) // (BATCH * LOOKS)
        return Schedule(LOOKS, BATCH, (1.0, 1.0, 1.0), seed, max(steps, 1))

    def _timed(self, schedule: Schedule, deadline: Deadline) -> Schedule:
        """Stay with the few passes that suffice for the last block, whatever time there is."""
        return schedule if schedule.steps is not None else super()._timed(schedule, deadline)

    def build(self, spec: Spec, configs: Sequence[Config]) -> PackedModel:
        """Return the pack of `configs`, which share everything but rates."""
        members, config = len(configs), configs[0]
        body: list[Any] = [PackedDropout(members)]
        for _ in range(int(config["layers"])):
            body += [PackedDense(members, int(config["units"]), "silu"), PackedDropout(members)]
        body.append(PackedDense(members, spec.outputs, initializer=zeros))
        tuned = is_tuned(config)
        text: Any = LastSentenceBlock(members, float(config["block_rate"]), SCALE) if tuned else Shared(scale=SCALE)
        return PackedModel(members, body, category_layer(spec, members), further={array_of(config): text})

    # ── only what is read goes to the device

    def arrays_read(self, configs: Iterable[Config]) -> Iterable[str]:
        """Return the vectors, or what the last block reads."""
        return map(array_of, configs)

    def kind(self, config: Config) -> str:
        """Return what is trained: the last block is bound by arithmetic, the rest by memory."""
        return str(config.get("trained", "head"))

    def _trained(self, config: Config, index: int, result: PackResult, data: TrainingData) -> Trained:
        """Keep the large matrices of the last block in half precision, from here on: what is stored predicts as what was judged."""
        trained = super()._trained(config, index, result, data)
        if is_tuned(config):
            for model in trained.models:
                model["weights"] = [w.astype(np.float16) if w.size >= UNITS * UNITS else w for w in model["weights"]]
        return trained

    # ── what it costs

    def footprint(self, spec: Spec, config: Config) -> Footprint:
        """Return the size of one network."""
        return super(NarrowFamily, self.reading([config])).footprint(spec, config)

    def pack_size(self, config: Config, spec: Spec, folds: int, seconds: float, memory: int) -> int:
        """Return how many heads are worth training together; the last block is trained for one configuration at a time."""
        fitting = super(NarrowFamily, self.reading([config])).pack_size(config, spec, folds, seconds, memory)
        return min(fitting, 1) if is_tuned(config) else fitting

    def affordable(self, config: Config, spec: Spec, folds: int, seconds: float) -> Config:
        """Return the configuration, without training the last block where there is no time for half of what it asks for."""
        if is_tuned(config) and self.seconds_for(config, spec, folds, 1) > seconds:
            return {**config, "trained": "head"}
        return config

    def _work(self, config: Config, spec: Spec) -> int:
        """Return the multiplications of the last block for one row."""
        shape = spec.shape_of("sentence_middle")
        return MULTIPLICATIONS * shape[0] * shape[1] if is_tuned(config) and shape is not None else 0

    def row_work(self, config: Config, spec: Spec) -> float:
        """Return the work of one row in a step of one network."""
        if not is_tuned(config):
            return super().row_work(config, spec)
        return step_work(self._work(config, spec), self.footprint(spec, config).activations)

    def seconds_for(self, config: Config, spec: Spec, folds: int, epochs: float) -> float:
        """Return the seconds that so many epochs take, by the pace of earlier packs of the kind; of the last block they are short ones."""
        if is_tuned(config):
            rows = BATCH * (self.schedule(spec, config, 0, 1).steps or 1)
            return float(self.row_work(config, spec) * rows * folds * epochs / (self.pace(config) or FIRST_PACE))
        if pace := self.pace(config):
            return float(self.row_work(config, spec) * spec.rows * folds * epochs / pace)
        return super().seconds_for(config, spec, folds, epochs)

    def row_seconds(self, trained: Trained, spec: Spec) -> float:
        """Return what a forward pass through the networks of all folds takes, roughly; not the blocks in front of it."""
        return super().row_seconds(trained, spec) + len(trained.models) * self._work(trained.config, spec) / PREDICTION_PACE

    def size(self, trained: Trained) -> int:
        """Return how many values of four bytes the weights of all folds take."""
        return int(sum(values.nbytes for model in trained.models for values in model["weights"])) // 4


def is_tuned(config: Config) -> bool:
    """Whether the last block is trained, too."""
    return config.get("trained") == "last_block"


def array_of(config: Config) -> str:
    """Return the array of texts that a configuration reads.

    Example:
        >>> array_of({"trained": "last_block"}), array_of({})
        ('sentence_middle', 'sentence')
    """
    return ARRAYS[str(config.get("trained", "head"))]
