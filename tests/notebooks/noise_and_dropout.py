# Settings before the first fit, Monte-Carlo dropout, and weights read and written by hand.
# %%
import keras
import numpy as np
from keras import layers

x, y = np.random.rand(48, 6).astype("float32"), np.arange(48) % 3

# %%
model = keras.Sequential(
    [
        keras.Input((6,)),
        layers.Dense(8, activation="relu"),
        layers.Dropout(0.5),
        layers.BatchNormalization(),
        layers.Dense(3, activation="softmax"),
    ]
)
model.layers[1].rate = 0.2
model.layers[2].momentum = 0.9
for layer in model.layers:
    layer.name
model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd", metrics=["accuracy"])
model.fit(x, y, epochs=1, verbose=0)

# %%
y_probas = np.stack([model(x, training=True) for sample in range(5)])
y_proba = y_probas.mean(axis=0)
y_std = y_probas.std(axis=0)
assert y_std.max() > 0


# %%
class MCDropout(layers.Dropout):
    def call(self, inputs, training=None):
        return super().call(inputs, training=True)


mc_model = keras.Sequential(
    [keras.Input((6,))]
    + [MCDropout(layer.rate) if isinstance(layer, layers.Dropout) else layer for layer in model.layers]
)
mc_model.set_weights(model.get_weights())
mc_model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
np.mean([mc_model.predict(x[:1], verbose=0) for sample in range(3)], axis=0)

# %%
model.optimizer.learning_rate = 0.05
model.fit(x, y, epochs=1, verbose=0)
weights = model.get_weights()
weights[0] = weights[0] * 0.9
model.set_weights(weights)
model.layers[0].kernel.assign(np.zeros_like(weights[0]))
model.layers[0].set_weights([weights[0], weights[1]])
model.fit(x, y, epochs=1, verbose=0)

# %%
for rate in (0.1, 0.3):
    model.layers[1].rate = rate
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    model.fit(x, y, epochs=1, verbose=0)
