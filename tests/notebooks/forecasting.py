# Forecasting with a window class and one helper which compiles and trains every model of a comparison.
# %%
import keras
import numpy as np
import tensorflow as tf

series = np.stack([np.sin(np.arange(200) * f) for f in (0.1, 0.3)], axis=-1).astype("float32")
num_features, OUT_STEPS = 2, 3


# %%
class WindowGenerator:
    def __init__(self, input_width, label_width):
        self.input_width, self.label_width = input_width, label_width

    def make_dataset(self, data):
        total = self.input_width + self.label_width
        ds = keras.utils.timeseries_dataset_from_array(
            data, targets=None, sequence_length=total, batch_size=32
        )
        return ds.map(lambda window: (window[:, : self.input_width], window[:, -self.label_width :]))

    @property
    def train(self):
        return self.make_dataset(series[:150])

    @property
    def val(self):
        return self.make_dataset(series[150:])


multi_window = WindowGenerator(6, OUT_STEPS)


# %%
def compile_and_fit(model, window, patience=2):
    early_stopping = keras.callbacks.EarlyStopping(monitor="val_loss", patience=patience, mode="min")
    model.compile(
        loss=keras.losses.MeanSquaredError(),
        optimizer=keras.optimizers.Adam(),
        metrics=[keras.metrics.MeanAbsoluteError()],
    )
    return model.fit(
        window.train, epochs=1, validation_data=window.val, callbacks=[early_stopping], verbose=0
    )


performance = {}


# %%
class RepeatBaseline(keras.Model):
    def call(self, inputs):
        return inputs[:, -OUT_STEPS:, :]


repeat_baseline = RepeatBaseline()
repeat_baseline.compile(loss="mse", metrics=["mae"])
performance["Repeat"] = repeat_baseline.evaluate(multi_window.val, verbose=0)

# %%
multi_linear_model = keras.Sequential(
    [
        keras.layers.Lambda(lambda x: x[:, -1:, :]),
        keras.layers.Dense(OUT_STEPS * num_features, kernel_initializer="zeros"),
        keras.layers.Reshape([OUT_STEPS, num_features]),
    ]
)
history = compile_and_fit(multi_linear_model, multi_window)
performance["Linear"] = multi_linear_model.evaluate(multi_window.val, verbose=0)

# %%
CONV_WIDTH = 3
multi_conv_model = keras.Sequential(
    [
        keras.layers.Lambda(lambda x: x[:, -CONV_WIDTH:, :]),
        keras.layers.Conv1D(8, activation="relu", kernel_size=(CONV_WIDTH)),
        keras.layers.Dense(OUT_STEPS * num_features, kernel_initializer="zeros"),
        keras.layers.Reshape([OUT_STEPS, num_features]),
    ]
)
history = compile_and_fit(multi_conv_model, multi_window)
performance["Conv"] = multi_conv_model.evaluate(multi_window.val, verbose=0)


# %%
class FeedBack(keras.Model):
    def __init__(self, units, out_steps):
        super().__init__()
        self.out_steps = out_steps
        self.lstm_cell = keras.layers.LSTMCell(units)
        self.lstm_rnn = keras.layers.RNN(self.lstm_cell, return_state=True)
        self.dense = keras.layers.Dense(num_features)

    def warmup(self, inputs):
        x, *state = self.lstm_rnn(inputs)
        return self.dense(x), state

    def call(self, inputs, training=None):
        prediction, state = self.warmup(inputs)
        predictions = [prediction]
        for _ in range(1, self.out_steps):
            x, state = self.lstm_cell(prediction, states=state, training=training)
            prediction = self.dense(x)
            predictions.append(prediction)
        return tf.stack(predictions, axis=1)


feedback_model = FeedBack(units=4, out_steps=OUT_STEPS)
prediction, state = feedback_model.warmup(next(iter(multi_window.train))[0])
history = compile_and_fit(feedback_model, multi_window)
performance["AR LSTM"] = feedback_model.evaluate(multi_window.val, verbose=0)

# %%
for name, value in performance.items():
    print(f"{name:8s}: {value[1]:0.4f}")
