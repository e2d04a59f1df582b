# A model built up step by step: looked at between the additions, compiled last, and a shorter one taken from it.
# %%
import keras
import numpy as np
from keras import layers

x, y = np.random.rand(32, 12, 12, 1).astype("float32"), np.arange(32) % 5

# %%
model = keras.models.Sequential()
model.add(layers.Conv2D(4, (3, 3), activation="relu", input_shape=(12, 12, 1)))
model.add(layers.MaxPooling2D((2, 2)))
model.summary()

# %%
model.add(layers.Conv2D(6, (3, 3), activation="relu"))
model.summary()

# %%
model.add(layers.Flatten())
model.add(layers.Dense(8, activation="relu"))
model.add(layers.Dense(5))
model.pop()
model.add(layers.Dense(5, activation="softmax"))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, epochs=1, validation_data=(x, y), verbose=0)

# %%
weights, biases = model.layers[-1].get_weights()
hidden = model.layers[0]
print(hidden.name, model.get_layer(hidden.name) is hidden, weights.shape, biases.shape)

# %%
# The head is taken off, another one is put on, and compile() follows.
model.pop()
for layer in model.layers:
    layer.trainable = False
model.add(layers.Dense(2, activation="softmax"))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
kept = model.layers[0].get_weights()[0]
model.fit(x, y % 2, epochs=1, verbose=0)
assert np.array_equal(kept, model.layers[0].get_weights()[0])

# %%
short = keras.Sequential(model.layers[:-1])
short.predict(x[:3], verbose=0).shape
