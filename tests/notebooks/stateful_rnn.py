# A stateful network trained in batches and run one sequence at a time by a second model with its weights.
# %%
import keras
import numpy as np
from keras import layers

series = np.sin(np.arange(400) * 0.1).astype("float32")
steps, batch_size = 10, 8
windows = np.stack([series[i : i + steps + 1] for i in range(0, 320, 5)])
x, y = windows[:, :-1, None], windows[:, 1:, None]


# %%
def build(batch_size):
    model = keras.Sequential()
    model.add(keras.Input(batch_shape=(batch_size, None, 1)))
    model.add(layers.LSTM(6, return_sequences=True, stateful=True))
    model.add(layers.TimeDistributed(layers.Dense(1)))
    return model


model = build(batch_size)
model.compile(loss="mse", optimizer="adam")


# %%
class ResetStates(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        for layer in self.model.layers:
            if hasattr(layer, "reset_states"):
                layer.reset_states()


model.fit(x, y, batch_size=batch_size, epochs=2, shuffle=False, verbose=0, callbacks=[ResetStates()])

# %%
for epoch in range(2):
    model.fit(x, y, batch_size=batch_size, epochs=1, shuffle=False, verbose=0)
    model.layers[0].reset_states()

# %%
single = build(1)
single.set_weights(model.get_weights())
forecast, value = [], x[:1, :1]
for _ in range(5):
    value = single.predict(value, verbose=0)[:, -1:]
    forecast.append(float(value[0, 0, 0]))
single.layers[0].reset_states()
forecast

# %%
model = keras.Sequential(
    [keras.Input((None, 1)), layers.GRU(4, return_sequences=True), layers.GRU(4), layers.Dense(1)]
)
model.compile(loss=keras.losses.Huber(), optimizer=keras.optimizers.SGD(1e-3, momentum=0.9), metrics=["mae"])
model.fit(x, y[:, -1], epochs=1, verbose=0)
