# Training loops by hand: eagerly, then compiled, then compiled again for a second model under the same names.
# %%
import time

import keras
import numpy as np
import tensorflow as tf

x_train, y_train = np.random.rand(96, 8).astype("float32"), np.arange(96) % 3
x_val, y_val = x_train[-32:], y_train[-32:]
train_dataset = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(96).batch(32)
val_dataset = tf.data.Dataset.from_tensor_slices((x_val, y_val)).batch(32)


# %%
def get_model():
    inputs = keras.Input((8,), name="digits")
    x = keras.layers.Dense(8, activation="relu")(inputs)
    x = keras.layers.Dropout(0.2)(x)
    return keras.Model(inputs=inputs, outputs=keras.layers.Dense(3, name="predictions")(x))


model = get_model()
optimizer = keras.optimizers.Adam(learning_rate=1e-3)
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

# %%
for epoch in range(2):
    for step, (x_batch_train, y_batch_train) in enumerate(train_dataset):
        with tf.GradientTape() as tape:
            logits = model(x_batch_train, training=True)
            loss_value = loss_fn(y_batch_train, logits)
        grads = tape.gradient(loss_value, model.trainable_weights)
        optimizer.apply(grads, model.trainable_weights)
        if step % 2 == 0:
            print(f"epoch {epoch}, step {step}: {float(loss_value):.4f}")

# %%
model = get_model()
optimizer = keras.optimizers.Adam(learning_rate=1e-3)
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
train_acc_metric = keras.metrics.SparseCategoricalAccuracy()
val_acc_metric = keras.metrics.SparseCategoricalAccuracy()


# %%
@tf.function
def train_step(x, y):
    with tf.GradientTape() as tape:
        logits = model(x, training=True)
        loss_value = loss_fn(y, logits)
        loss_value += sum(model.losses)
    grads = tape.gradient(loss_value, model.trainable_weights)
    optimizer.apply(grads, model.trainable_weights)
    train_acc_metric.update_state(y, logits)
    return loss_value


@tf.function
def test_step(x, y):
    val_acc_metric.update_state(y, model(x, training=False))


# %%
for epoch in range(2):
    start_time = time.time()
    for x_batch_train, y_batch_train in train_dataset:
        loss_value = train_step(x_batch_train, y_batch_train)
    train_acc = train_acc_metric.result()
    train_acc_metric.reset_state()
    for x_batch_val, y_batch_val in val_dataset:
        test_step(x_batch_val, y_batch_val)
    print(epoch, float(train_acc), float(val_acc_metric.result()), time.time() - start_time > 0)
    val_acc_metric.reset_state()

# %%
# A second experiment: every name again, the compiled functions included.
model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3)])
optimizer = keras.optimizers.SGD(learning_rate=1e-2)
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@tf.function
def train_step(x, y):
    with tf.GradientTape() as tape:
        loss_value = loss_fn(y, model(x, training=True))
    optimizer.apply(tape.gradient(loss_value, model.trainable_weights), model.trainable_weights)
    return loss_value


before = model.get_weights()[0]
for x_batch_train, y_batch_train in train_dataset:
    loss_value = train_step(x_batch_train, y_batch_train)
assert not np.array_equal(before, model.get_weights()[0])

# %%
float(loss_value)
