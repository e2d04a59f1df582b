# A subclassed anomaly detector and an autoencoder of stacked models, whose encoder later carries a classifier.
# check may say: KG202
# %%
import keras
import numpy as np
from keras import layers

signals, labels = np.random.rand(64, 20).astype("float32"), np.arange(64) % 2


# %%
class AnomalyDetector(keras.Model):
    def __init__(self):
        super().__init__()
        self.encoder = keras.Sequential(
            [layers.Dense(8, activation="relu"), layers.Dense(4, activation="relu")]
        )
        self.decoder = keras.Sequential(
            [layers.Dense(8, activation="relu"), layers.Dense(20, activation="sigmoid")]
        )

    def call(self, x):
        return self.decoder(self.encoder(x))


autoencoder = AnomalyDetector()
autoencoder.compile(optimizer="adam", loss="mae")
history = autoencoder.fit(signals, signals, epochs=2, validation_split=0.2, verbose=0)

# %%
encoded = autoencoder.encoder(signals[:4]).numpy()
decoded = autoencoder.decoder(encoded).numpy()
reconstructions = autoencoder.predict(signals, verbose=0)
train_loss = np.mean(np.abs(reconstructions - signals), axis=1)
threshold = np.mean(train_loss) + np.std(train_loss)

# %%
stacked_encoder = keras.Sequential(
    [keras.Input((20,)), layers.Dense(10, activation="selu"), layers.Dense(5, activation="selu")]
)
stacked_decoder = keras.Sequential([keras.Input((5,)), layers.Dense(10, activation="selu"), layers.Dense(20)])
stacked_ae = keras.Sequential([stacked_encoder, stacked_decoder])
stacked_ae.compile(loss="mse", optimizer=keras.optimizers.SGD(learning_rate=0.1))
stacked_ae.fit(signals, signals, epochs=1, verbose=0)

# %%
classifier = keras.Sequential([stacked_encoder, layers.Dense(1, activation="sigmoid")])
stacked_encoder.trainable = False
classifier.compile("adam", "binary_crossentropy")
kept = stacked_encoder.get_weights()[0]
classifier.fit(signals, labels, epochs=1, verbose=0)
assert np.array_equal(kept, stacked_encoder.get_weights()[0])

# %%
stacked_encoder.trainable = True
classifier.compile("adam", "binary_crossentropy")
classifier.fit(signals, labels, epochs=1, verbose=0)
assert not np.array_equal(kept, stacked_encoder.get_weights()[0])
