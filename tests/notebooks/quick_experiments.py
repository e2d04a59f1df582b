# One experiment after the other under the names model, optimizer, loss_fn and hidden; an older model keeps the first.
# %%
import keras
import numpy as np
import tensorflow as tf
from keras import layers

x, y = np.random.rand(48, 4).astype("float32"), np.random.rand(48, 1).astype("float32")

# %%
model = keras.Sequential([keras.Input((4,)), layers.Dense(6, activation="relu"), layers.Dense(3)])
optimizer = keras.optimizers.Adam(1e-3)
loss_fn = keras.losses.MeanSquaredError()
inputs = keras.Input((4,))
outer = keras.Model(inputs, layers.Dense(1)(model(inputs)))
outer.compile(optimizer, loss_fn)
outer.fit(x, y, epochs=1, verbose=0)

# %%
model = keras.Sequential([keras.Input((4,)), layers.Dense(8, activation="tanh"), layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=1, verbose=0)

# %%
optimizer = keras.optimizers.SGD(1e-2, momentum=0.9)
loss_fn = keras.losses.Huber()
model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
model.compile(optimizer=optimizer, loss=loss_fn)
model.fit(x, y, epochs=1, verbose=0)

# %%
optimizer = keras.optimizers.RMSprop(1e-3)
loss_fn = keras.losses.MeanAbsoluteError()
hand_made = keras.Sequential([keras.Input((4,)), layers.Dense(5, activation="relu"), layers.Dense(1)])
for start in range(0, 48, 16):
    with tf.GradientTape() as tape:
        loss = loss_fn(y[start : start + 16], hand_made(x[start : start + 16], training=True))
    optimizer.apply(tape.gradient(loss, hand_made.trainable_weights), hand_made.trainable_weights)

# %%
optimizer = keras.optimizers.Adam(1e-2)
loss_fn = keras.losses.LogCosh()


@tf.function
def step(batch_x, batch_y):
    with tf.GradientTape() as tape:
        loss = loss_fn(batch_y, hand_made(batch_x, training=True))
    optimizer.apply(tape.gradient(loss, hand_made.trainable_weights), hand_made.trainable_weights)
    return loss


[float(step(x[:16], y[:16])) for _ in range(2)]

# %%
hidden = layers.Dense(6, activation="relu")
out = layers.Dense(1)
first = keras.Sequential([keras.Input((4,)), hidden, out])
first.compile("adam", "mse")
first.fit(x, y, epochs=1, verbose=0)

# %%
hidden = layers.Dense(12, activation="relu")
out = layers.Dense(1)
second = keras.Sequential([keras.Input((4,)), hidden, layers.Dropout(0.1), out])
second.compile("adam", "mse")
second.fit(x, y, epochs=1, verbose=0)

# %%
scores = {
    name: m.evaluate(x, y, verbose=0)
    for name, m in [("outer", outer), ("model", model), ("first", first), ("second", second)]
}
sorted(scores, key=scores.get)
