# Hyperparameters as an object: a class of settings, trial after trial, and the best trial trained again.
# %%
import random

import keras
import numpy as np
from keras import layers

x, y = np.random.rand(64, 6).astype("float32"), np.random.rand(64, 1).astype("float32")
random.seed(2)


# %%
class HyperParameters:
    def __init__(self):
        self.values = {}

    def Choice(self, name, values):
        return self.values.setdefault(name, random.choice(values))

    def Boolean(self, name):
        return self.Choice(name, [True, False])


class HyperModel:
    def build(self, hp):
        self.model = keras.Sequential([keras.Input((6,))])
        for i in range(hp.Choice("layers", [1, 2])):
            self.model.add(
                layers.Dense(
                    hp.Choice(f"units_{i}", [4, 8]), activation=hp.Choice("activation", ["relu", "tanh"])
                )
            )
        if hp.Boolean("dropout"):
            self.model.add(layers.Dropout(rate=0.25))
        self.model.add(layers.Dense(1))
        self.optimizer = keras.optimizers.get(hp.Choice("optimizer", ["adam", "sgd"]))
        self.model.compile(optimizer=self.optimizer, loss="mse")
        return self.model


# %%
hypermodel, trials = HyperModel(), []
for trial in range(4):
    hp = HyperParameters()
    model = hypermodel.build(hp)
    model.fit(x, y, epochs=1, verbose=0)
    trials.append((model.evaluate(x, y, verbose=0), trial, hp, model))
trials.sort(key=lambda row: row[0])
best_score, _, best_hp, best_model = trials[0]

# %%
del trials, model
model = hypermodel.build(best_hp)
model.fit(np.concatenate([x, x]), np.concatenate([y, y]), epochs=1, verbose=0)
model.summary()

# %%
for batch_size, learning_rate in [(16, 1e-2), (32, 1e-3)]:
    model = keras.models.clone_model(best_model)
    model.compile(keras.optimizers.Adam(learning_rate), "mse")
    model.fit(x, y, batch_size=batch_size, epochs=1, verbose=0)
    print(batch_size, learning_rate, model.evaluate(x, y, verbose=0))
