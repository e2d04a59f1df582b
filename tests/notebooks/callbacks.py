# Callbacks: rate schedules, early stopping, a log, and one which freezes a layer on the way.
# %%
import tempfile

import keras
import numpy as np
from keras import layers

x, y = np.random.rand(64, 5).astype("float32"), np.random.rand(64, 1).astype("float32")


# %%
def make():
    model = keras.Sequential(
        [keras.Input((5,)), layers.Dense(6, activation="relu", name="first"), layers.Dense(1, name="last")]
    )
    model.compile(keras.optimizers.Adam(1e-2), "mse")
    return model


# %%
def schedule(epoch, learning_rate):
    return learning_rate if epoch < 1 else learning_rate * 0.5


model = make()
model.fit(
    x,
    y,
    epochs=3,
    verbose=0,
    validation_split=0.25,
    callbacks=[
        keras.callbacks.LearningRateScheduler(schedule),
        keras.callbacks.ReduceLROnPlateau(monitor="val_loss", patience=1),
        keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True),
        keras.callbacks.CSVLogger(tempfile.mkdtemp() + "/log.csv"),
    ],
)
float(model.optimizer.learning_rate)


# %%
class WarmUp(keras.callbacks.Callback):
    def __init__(self, target, steps):
        super().__init__()
        self.target, self.steps, self.seen = target, steps, 0

    def on_train_batch_begin(self, batch, logs=None):
        self.seen += 1
        self.model.optimizer.learning_rate = self.target * min(1.0, self.seen / self.steps)


model.fit(x, y, epochs=2, verbose=0, callbacks=[WarmUp(1e-2, 3)])
assert np.isclose(float(model.optimizer.learning_rate), 1e-2)


# %%
class FreezeAfter(keras.callbacks.Callback):
    def __init__(self, epoch, name):
        super().__init__()
        self.epoch, self.name, self.weights = epoch, name, []

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            self.model.get_layer(self.name).trainable = False
            self.model.make_train_function(force=True)
        self.weights.append(self.model.get_layer(self.name).get_weights()[0])


model = make()
freezer = FreezeAfter(1, "first")
model.fit(x, y, epochs=3, verbose=0, callbacks=[freezer])
assert not np.array_equal(freezer.weights[0], freezer.weights[1])
assert np.array_equal(freezer.weights[1], freezer.weights[2])

# %%
print_weights = keras.callbacks.LambdaCallback(
    on_epoch_end=lambda epoch, logs: print(epoch, round(logs["loss"], 3))
)
model = make()
history = model.fit(x, y, epochs=2, verbose=0, callbacks=[print_weights])
