# Transfer learning: a frozen base with a new head, then the base unfrozen with a small rate.
# %%
import keras
import numpy as np
from keras import layers

images = np.random.rand(40, 24, 24, 3).astype("float32") * 255
labels = (np.arange(40) % 2).astype("float32")


# %%
def pretrained():
    inputs = keras.Input((24, 24, 3))
    x = inputs
    for filters in (4, 8):
        x = layers.Conv2D(filters, 3, strides=2, padding="same")(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU()(x)
    return keras.Model(inputs, x, name="pretrained")


base_model = pretrained()
base_model.trainable = False

# %%
inputs = keras.Input((24, 24, 3))
x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
x = base_model(x, training=False)
x = layers.GlobalAveragePooling2D()(x)
x = layers.Dropout(0.2)(x)
outputs = layers.Dense(1)(x)
model = keras.Model(inputs, outputs)
model.summary(show_trainable=True)

# %%
model.compile(
    optimizer=keras.optimizers.Adam(),
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy()],
)
before = base_model.get_weights()[0]
history = model.fit(images, labels, epochs=2, validation_split=0.2, verbose=0)
assert np.array_equal(before, base_model.get_weights()[0])

# %%
base_model.trainable = True
for layer in base_model.layers[:3]:
    layer.trainable = False
model.compile(
    optimizer=keras.optimizers.Adam(1e-5),
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy()],
)
len(model.trainable_variables)

# %%
last = base_model.layers[4].get_weights()[0]
history_fine = model.fit(
    images,
    labels,
    epochs=len(history.epoch) + 1,
    initial_epoch=history.epoch[-1],
    validation_split=0.2,
    verbose=0,
)
assert np.array_equal(before, base_model.get_weights()[0])
assert not np.array_equal(last, base_model.layers[4].get_weights()[0])

# %%
acc = history.history["binary_accuracy"] + history_fine.history["binary_accuracy"]
model.evaluate(images, labels, verbose=0)
