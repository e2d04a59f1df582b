# Two examples of one page: each has its own MyModel, and each is trained by itself.
# %%
import keras
import numpy as np
import tensorflow as tf

x, y = np.random.rand(48, 5).astype("float32"), np.random.rand(48, 1).astype("float32")


# %%
class MyModel(keras.Model):
    def __init__(self):
        super().__init__()
        self.d1 = keras.layers.Dense(6, activation="relu")
        self.d2 = keras.layers.Dense(1)

    def call(self, x):
        return self.d2(self.d1(x))


model = MyModel()
model.compile("adam", "mse")
model.fit(x, y, epochs=1, verbose=0)


# %%
# Now a model of the layer API of one's own, with the old one still in a list of results.
results = [("subclassed", model, model.evaluate(x, y, verbose=0))]


class Linear(keras.layers.Layer):
    def __init__(self, units=4):
        super().__init__()
        self.w = self.add_weight(shape=(5, units), initializer="random_normal")
        self.b = self.add_weight(shape=(units,), initializer="zeros")

    def call(self, inputs):
        return keras.ops.matmul(inputs, self.w) + self.b


linear = Linear(4)
linear(x[:2]).shape


# %%
class Linear(keras.layers.Layer):
    def __init__(self, units=4):
        super().__init__()
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="random_normal")
        self.b = self.add_weight(shape=(self.units,), initializer="zeros")

    def call(self, inputs):
        return keras.ops.matmul(inputs, self.w) + self.b


class MyModel(keras.Model):
    def __init__(self):
        super().__init__()
        self.linear = Linear(3)
        self.out = Linear(1)

    def call(self, x):
        return self.out(keras.ops.relu(self.linear(x)))


model = MyModel()
optimizer = keras.optimizers.Adam()
loss_object = keras.losses.MeanSquaredError()
train_loss = keras.metrics.Mean(name="train_loss")


@tf.function
def train_step(inputs, targets):
    with tf.GradientTape() as tape:
        loss = loss_object(targets, model(inputs, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    train_loss(loss)


# %%
for epoch in range(2):
    train_loss.reset_state()
    for start in range(0, 48, 16):
        train_step(x[start : start + 16], y[start : start + 16])
    print(epoch, float(train_loss.result()))

# %%
results.append(("by hand", model, float(train_loss.result())))
[name for name, _, _ in results]
