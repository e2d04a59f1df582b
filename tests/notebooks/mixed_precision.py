# Mixed precision: the policy is set before the model is built, and set back for the next one.
# %%
import keras
import numpy as np
import tensorflow as tf
from keras import layers

x, y = np.random.rand(32, 10).astype("float32"), np.arange(32) % 3

# %%
keras.mixed_precision.set_global_policy("mixed_float16")
policy = (
    keras.mixed_precision.global_policy()
    if hasattr(keras.mixed_precision, "global_policy")
    else keras.config.dtype_policy()
)
print(policy.compute_dtype, policy.variable_dtype)

# %%
inputs = keras.Input(shape=(10,), name="digits")
dense1 = layers.Dense(8, activation="relu", name="dense_1")
x1 = dense1(inputs)
dense2 = layers.Dense(8, activation="relu", name="dense_2")
x2 = dense2(x1)
x3 = layers.Dense(3, name="dense_logits")(x2)
outputs = layers.Activation("softmax", dtype="float32", name="predictions")(x3)
model = keras.Model(inputs=inputs, outputs=outputs)
model.compile(
    loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.RMSprop(), metrics=["accuracy"]
)
initial_weights = model.get_weights()
model.fit(x, y, epochs=1, verbose=0)

# %%
model.set_weights(initial_weights)
optimizer = keras.mixed_precision.LossScaleOptimizer(keras.optimizers.RMSprop())
loss_object = keras.losses.SparseCategoricalCrossentropy()


@tf.function
def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = loss_object(y, model(x, training=True))
        scaled_loss = optimizer.scale_loss(loss)
    gradients = tape.gradient(scaled_loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


for _ in range(2):
    loss = train_step(x, y)
assert np.isfinite(float(loss))

# %%
keras.mixed_precision.set_global_policy("float32")
model = keras.Sequential(
    [keras.Input((10,)), layers.Dense(8, activation="relu"), layers.Dense(3, activation="softmax")]
)
model.compile(loss="sparse_categorical_crossentropy", optimizer="rmsprop")
model.fit(x, y, epochs=1, verbose=0)
assert model.layers[0].compute_dtype == "float32"
