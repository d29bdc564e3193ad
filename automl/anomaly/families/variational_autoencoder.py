"""A variational autoencoder: a few hidden numbers describe a row; strange is what they cannot say."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from automl.anomaly.base import LARGEST, Array, Shape
from automl.anomaly.design import Rows
from automl.anomaly.families._network import NetworkFamily, surprise, unlikely
from automl.layers import PackedDense
from automl.layers.packed import zeros
from automl.preprocessing.base import Arrays

UNITS = 64
MOST_LATENT = 8


def latent_of(shape: Shape) -> int:
    """Return how many hidden numbers a row gets: a third of its columns."""
    return int(np.clip(round(shape.columns / 3), 2, MOST_LATENT))


class VariationalAutoencoder(NetworkFamily):
    """Encoder, a few normally distributed hidden numbers, decoder; strange is a high bound on minus the log-likelihood.

    Source: Kingma and Welling (2014, arXiv:1312.6114); for anomalies An and Cho (2015). The hidden numbers are shown as a map.
    """

    name = "variational_autoencoder"
    title = "Variational autoencoder"
    kind = "network"

    def build(self, members: int, shape: Shape) -> keras.Model:
        """Return encoder and decoder."""
        return VariationalNetwork(members, len(shape.group) + shape.numbers, latent_of(shape))

    def losses(self, outputs: Any, batch: dict[str, Any], shape: Shape) -> Any:
        """Return the negative evidence lower bound per column."""
        latent, own = latent_of(shape), len(shape.group) + shape.numbers
        told = surprise(outputs[..., :own], batch["values"], shape) * batch["known"]
        mean, spread = outputs[..., own : own + latent], outputs[..., own + latent :]
        apart = 0.5 * ops.sum(ops.square(mean) + ops.exp(spread) - spread - 1.0, axis=-1)
        return (ops.sum(told, axis=-1) + apart) / shape.columns

    def draw(self, rng: np.random.Generator, steps: int, rows: int, shape: Shape) -> tuple[Array, Array]:
        """Hide a tenth of the columns, and draw the noise of the hidden numbers."""
        hidden = rng.random((steps, rows, shape.columns)) < 0.1
        return hidden[:, :, np.asarray(shape.group, dtype=np.int64)], rng.normal(size=(steps, rows, latent_of(shape)))

    def strangeness(self, model: Arrays, rows: Rows, shape: Shape, fold: int) -> tuple[Array, Array]:
        """Return the negative bound at the most likely hidden numbers, and the surprise of each column."""
        latent, own = latent_of(shape), len(shape.group) + shape.numbers
        found = self.outputs(model, rows, shape, fold, np.zeros((1, 1)), np.zeros((1, latent)))
        columns = np.minimum(shape.by_column(unlikely(found[:, :own], rows.values, shape) * rows.known), LARGEST)
        mean, spread = found[:, own : own + latent], found[:, own + latent :]
        apart = 0.5 * (mean**2 + np.exp(spread) - spread - 1.0).sum(axis=1)
        return columns.sum(axis=1) + apart, columns

    def places(self, model: Arrays, rows: Rows, shape: Shape) -> Array:
        """Return the two most telling directions of the hidden numbers, by the first fold's network, (rows, 2)."""
        latent, own = latent_of(shape), len(shape.group) + shape.numbers
        found = self.outputs(model, rows, shape, 0, np.zeros((1, 1)), np.zeros((1, latent)))[:, own : own + latent]
        centred = found - found.mean(axis=0)
        return np.asarray(centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T)


class VariationalNetwork(keras.Model):  # type: ignore[misc]
    """Encoder and decoder of each member; the output is the reconstruction, then mean and spread of the hidden numbers.

    Args:
        members: Number of networks.
        outputs: Means, logits and spreads.
        latent: Hidden numbers.
    """

    def __init__(self, members: int, outputs: int, latent: int, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.latent = latent
        self.encoder = PackedDense(members, UNITS, "silu")
        self.code = PackedDense(members, 2 * latent)
        self.decoder = PackedDense(members, UNITS, "silu")
        self.last = PackedDense(members, outputs, initializer=zeros)

    def call(self, inputs: dict[str, Any]) -> Any:
        """Map what is shown of (rows, ·) to (members, rows, outputs + 2 × latent)."""
        shown = inputs["known"] * (1.0 - inputs["hidden"])
        moments = inputs["moments"][None] * 0.1
        code = self.code(self.encoder(ops.concatenate([(inputs["values"] * shown)[None], shown[None], moments], axis=-1)))
        mean, spread = code[..., : self.latent], ops.clip(code[..., self.latent :], -8.0, 4.0)
        drawn = mean + ops.exp(0.5 * spread) * inputs["noise"][None]
        moments = ops.repeat(moments, mean.shape[0], axis=0)
        return ops.concatenate([self.last(self.decoder(ops.concatenate([drawn, moments], axis=-1))), mean, spread], axis=-1)
