# A GAN whose discriminator is trained alone first, then frozen for the stacked model, and trained on by its own step.
# check may say: KG202
# %%
import keras
import numpy as np
from keras import layers

noise_dim, width, batch = 5, 8, 16
data = np.random.normal(2.0, 0.3, (128, width)).astype("float32")
ones, zeros = np.ones((batch, 1)), np.zeros((batch, 1))

# %%
G = keras.Sequential(
    [keras.Input((noise_dim,)), layers.Dense(8, activation="relu"), layers.Dense(width)], name="G"
)
D = keras.Sequential(
    [keras.Input((width,)), layers.Dense(8, activation="relu"), layers.Dense(1, activation="sigmoid")],
    name="D",
)
D.compile(optimizer=keras.optimizers.Adam(1e-2), loss="binary_crossentropy", metrics=["accuracy"])

# %%
# Warm-up: real against noise.
for _ in range(3):
    D.train_on_batch(data[:batch], ones)
    D.train_on_batch(np.random.rand(batch, width), zeros)

# %%
D.trainable = False
z = keras.Input((noise_dim,))
stacked = keras.Model(z, D(G(z)), name="stacked")
stacked.compile(optimizer=keras.optimizers.Adam(1e-3), loss="binary_crossentropy")

# %%
d_losses, g_losses = [], []
for epoch in range(2):
    for start in range(0, 64, batch):
        fake = G.predict(np.random.normal(size=(batch, noise_dim)), verbose=0)
        before = D.get_weights()[0]
        d_losses.append(D.train_on_batch(data[start : start + batch], ones)[0])
        d_losses.append(D.train_on_batch(fake, zeros)[0])
        trained = D.get_weights()[0]
        g_losses.append(stacked.train_on_batch(np.random.normal(size=(batch, noise_dim)), ones))
        assert not np.allclose(before, trained)
        assert np.allclose(trained, D.get_weights()[0])

# %%
print(len(d_losses), len(g_losses))
G.predict(np.random.normal(size=(2, noise_dim)), verbose=0)
