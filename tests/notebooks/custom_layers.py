# Layers, a loss, a metric and an initializer of one's own, saved and loaded.
# %%
import tempfile

import keras
import numpy as np
from keras import ops

x, y = np.random.rand(64, 6).astype("float32"), np.random.rand(64, 1).astype("float32")


# %%
@keras.saving.register_keras_serializable(package="own")
class MyDense(keras.layers.Layer):
    def __init__(self, units, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, batch_input_shape):
        self.kernel = self.add_weight(
            name="kernel", shape=(batch_input_shape[-1], self.units), initializer="glorot_normal"
        )
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros")
        super().build(batch_input_shape)

    def call(self, x):
        return self.activation(x @ self.kernel + self.bias)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "activation": keras.activations.serialize(self.activation),
        }


@keras.saving.register_keras_serializable(package="own")
class HuberLoss(keras.losses.Loss):
    def __init__(self, threshold=1.0, **kwargs):
        self.threshold = threshold
        super().__init__(**kwargs)

    def call(self, y_true, y_pred):
        error = y_true - y_pred
        small = ops.abs(error) < self.threshold
        return ops.where(
            small, ops.square(error) / 2, self.threshold * ops.abs(error) - self.threshold**2 / 2
        )

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}


@keras.saving.register_keras_serializable(package="own")
class LargestError(keras.metrics.Metric):
    def __init__(self, name="largest", **kwargs):
        super().__init__(name=name, **kwargs)
        self.largest = self.add_weight(name="largest", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.largest.assign(ops.maximum(self.largest, ops.max(ops.abs(y_true - y_pred))))

    def result(self):
        return self.largest


# %%
model = keras.Sequential([keras.Input((6,)), MyDense(8, "relu"), keras.layers.GaussianNoise(0.1), MyDense(1)])
model.compile(loss=HuberLoss(2.0), optimizer="nadam", metrics=[LargestError(), "mae"])
model.fit(x, y, epochs=2, verbose=0)

# %%
path = tempfile.mkdtemp() + "/own.keras"
model.save(path)
loaded = keras.models.load_model(path)
assert loaded.loss.threshold == 2.0
loaded.fit(x, y, epochs=1, verbose=0)


# %%
# Another loss needs another compile().
def create_huber(threshold=1.0):
    def huber_fn(y_true, y_pred):
        error = y_true - y_pred
        small = ops.abs(error) < threshold
        return ops.where(small, ops.square(error) / 2, threshold * ops.abs(error) - threshold**2 / 2)

    return huber_fn


for threshold in (1.0, 3.0):
    model.compile(loss=create_huber(threshold), optimizer="nadam", metrics=["mae"])
    model.fit(x, y, epochs=1, verbose=0)

# %%
weights = loaded.layers[0].get_weights()
loaded.layers[0].set_weights([w * 0.5 for w in weights])
loaded.predict(x[:2], verbose=0)
