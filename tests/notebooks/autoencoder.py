# Autoencoders: encoder and decoder are models over the layers of the whole; then a sparse, a deep, a convolutional one.
# %%
import keras
import numpy as np
from keras import layers

x_train = np.random.rand(64, 8, 8, 1).astype("float32")
flat = x_train.reshape(len(x_train), -1)
encoding_dim = 6

# %%
input_img = keras.Input(shape=(64,))
encoded = layers.Dense(encoding_dim, activation="relu")(input_img)
decoded = layers.Dense(64, activation="sigmoid")(encoded)
autoencoder = keras.Model(input_img, decoded)
encoder = keras.Model(input_img, encoded)
encoded_input = keras.Input(shape=(encoding_dim,))
decoder_layer = autoencoder.layers[-1]
decoder = keras.Model(encoded_input, decoder_layer(encoded_input))

# %%
autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
autoencoder.fit(flat, flat, epochs=1, batch_size=32, shuffle=True, validation_data=(flat, flat), verbose=0)
encoded_imgs = encoder.predict(flat, verbose=0)
decoded_imgs = decoder.predict(encoded_imgs, verbose=0)

# %%
# With a penalty on the code.
encoded = layers.Dense(encoding_dim, activation="relu", activity_regularizer=keras.regularizers.L1(1e-4))(
    input_img
)
decoded = layers.Dense(64, activation="sigmoid")(encoded)
autoencoder = keras.Model(input_img, decoded)
autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
autoencoder.fit(flat, flat, epochs=1, batch_size=32, verbose=0)

# %%
# Deeper.
encoded = layers.Dense(16, activation="relu")(input_img)
encoded = layers.Dense(8, activation="relu")(encoded)
decoded = layers.Dense(16, activation="relu")(encoded)
decoded = layers.Dense(64, activation="sigmoid")(decoded)
autoencoder = keras.Model(input_img, decoded)
autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
autoencoder.fit(flat, flat, epochs=1, batch_size=32, verbose=0)

# %%
# Convolutional, for noise.
input_img = keras.Input(shape=(8, 8, 1))
x = layers.Conv2D(4, 3, activation="relu", padding="same")(input_img)
encoded = layers.MaxPooling2D(2, padding="same")(x)
x = layers.Conv2D(4, 3, activation="relu", padding="same")(encoded)
x = layers.UpSampling2D(2)(x)
decoded = layers.Conv2D(1, 3, activation="sigmoid", padding="same")(x)
autoencoder = keras.Model(input_img, decoded)
autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
noisy = np.clip(x_train + 0.3 * np.random.normal(size=x_train.shape), 0.0, 1.0)
autoencoder.fit(noisy, x_train, epochs=1, batch_size=32, verbose=0)

# %%
encoder = keras.Model(input_img, encoded)
encoder.predict(noisy[:2], verbose=0).shape, autoencoder.predict(noisy[:2], verbose=0).shape
