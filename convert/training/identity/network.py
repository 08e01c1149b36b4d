"""A recipe's embedder."""

from __future__ import annotations

import keras

from convert.networks.embedder import build_embedder
from convert.training.identity.recipe import IdentityRecipe


def build_identity(recipe: IdentityRecipe) -> keras.Model:
    """The recipe's embedder, untrained, for crops as the device has them."""
    return build_embedder(
        recipe.network.architecture,
        size=recipe.input.size,
        channels=recipe.input.channels,
        dimensions=recipe.network.dimensions,
        dropout=recipe.network.dropout,
        pooling=recipe.network.pooling,
    )
