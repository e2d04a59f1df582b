# A model without an input shape: its first fit builds it, and training goes on afterwards.
# on the way: KG202
# %%
import keras
import numpy as np
from keras import layers

x, y = np.random.rand(64, 6).astype("float32"), np.random.rand(64, 1).astype("float32")

# %%
model = keras.Sequential(
    [
        layers.Dense(8, activation="relu"),
        layers.BatchNormalization(),
        layers.Dropout(0.2),
        layers.Dense(1),
    ]
)
model.compile("adam", "mse")

# %%
model.fit(x, y, epochs=1, verbose=0)
model.summary()

# %%
model.fit(x, y, epochs=2, verbose=0)

# %%
model.layers[0].trainable = False
len(model.trainable_weights)

# %%
model.layers[0].trainable = True
history = model.fit(x, y, epochs=1, verbose=0)

# %%
model.evaluate(x, y, verbose=0)
model.predict(x[:2], verbose=0).shape

# %%
# %keras_guard check
