# A search for the learning rate: weights and rate are put back, and training goes on with the rate found.
# %%
import tempfile

import keras
import numpy as np
from keras import layers

x, y = np.random.rand(96, 6).astype("float32"), np.arange(96) % 3
K = keras.backend

# %%
model = keras.Sequential(
    [keras.Input((6,)), layers.Dense(8, activation="relu"), layers.Dense(3, activation="softmax")]
)
model.compile(
    loss="sparse_categorical_crossentropy",
    optimizer=keras.optimizers.SGD(learning_rate=1e-3),
    metrics=["accuracy"],
)


# %%
class ExponentialLearningRate(keras.callbacks.Callback):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor
        self.rates = []
        self.losses = []

    def on_batch_end(self, batch, logs=None):
        self.rates.append(float(self.model.optimizer.learning_rate.numpy()))
        self.losses.append(logs["loss"])
        self.model.optimizer.learning_rate = self.rates[-1] * self.factor


def find_learning_rate(model, X, y, epochs=1, batch_size=32, min_rate=1e-5, max_rate=1.0):
    init_weights = model.get_weights()
    iterations = len(X) // batch_size * epochs
    factor = np.exp(np.log(max_rate / min_rate) / iterations)
    init_lr = float(model.optimizer.learning_rate.numpy())
    model.optimizer.learning_rate = min_rate
    exp_lr = ExponentialLearningRate(factor)
    model.fit(X, y, epochs=epochs, batch_size=batch_size, callbacks=[exp_lr], verbose=0)
    model.optimizer.learning_rate = init_lr
    model.set_weights(init_weights)
    return exp_lr.rates, exp_lr.losses


# %%
rates, losses = find_learning_rate(model, x, y, epochs=2)
best = rates[int(np.argmin(losses))]
assert len(rates) == 6
assert np.isclose(float(model.optimizer.learning_rate), 1e-3)


# %%
class OneCycleScheduler(keras.callbacks.Callback):
    def __init__(self, iterations, max_rate):
        super().__init__()
        self.iterations, self.max_rate, self.iteration = iterations, max_rate, 0

    def on_batch_begin(self, batch, logs):
        half = self.iterations // 2
        place = self.iteration / half if self.iteration < half else 2 - self.iteration / half
        self.model.optimizer.learning_rate = max(self.max_rate * place, 1e-6)
        self.iteration += 1


model.optimizer.learning_rate.assign(best)
model.fit(x, y, epochs=2, verbose=0, callbacks=[OneCycleScheduler(6, 0.05)])

# %%
path = tempfile.mkdtemp() + "/start.weights.h5"
model.save_weights(path)
for factor in (0.1, 1.0):
    model.load_weights(path)
    model.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(best * factor, 10, 0.9)),
    )
    model.fit(x, y, epochs=1, verbose=0)
