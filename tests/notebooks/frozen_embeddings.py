# Word vectors: frozen while the rest is trained, then trained as well, and compared with a model without them.
# %%
import keras
import numpy as np
from keras import layers

max_words, embedding_dim, maxlen = 30, 6, 7
data, labels = np.random.randint(1, max_words, (60, maxlen)), np.arange(60) % 2
embeddings_index = {i: np.random.normal(size=embedding_dim) for i in range(1, max_words, 2)}

# %%
embedding_matrix = np.zeros((max_words, embedding_dim))
for word in range(max_words):
    embedding_vector = embeddings_index.get(word)
    if embedding_vector is not None:
        embedding_matrix[word] = embedding_vector

# %%
model = keras.Sequential()
model.add(keras.Input((maxlen,)))
model.add(layers.Embedding(max_words, embedding_dim))
model.add(layers.Flatten())
model.add(layers.Dense(8, activation="relu"))
model.add(layers.Dense(1, activation="sigmoid"))
model.layers[0].set_weights([embedding_matrix])
model.layers[0].trainable = False
model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["acc"])
history = model.fit(data, labels, epochs=2, batch_size=20, validation_split=0.3, verbose=0)
assert np.allclose(model.layers[0].get_weights()[0], embedding_matrix)

# %%
model.layers[0].trainable = True
model.compile(optimizer=keras.optimizers.RMSprop(1e-4), loss="binary_crossentropy", metrics=["acc"])
model.fit(data, labels, epochs=1, batch_size=20, verbose=0)
assert not np.allclose(model.layers[0].get_weights()[0], embedding_matrix)

# %%
embedding_layer = layers.Embedding(
    max_words,
    embedding_dim,
    embeddings_initializer=keras.initializers.Constant(embedding_matrix),
    trainable=False,
    mask_zero=True,
)
inputs = keras.Input(shape=(None,), dtype="int64")
embedded = embedding_layer(inputs)
x = layers.Bidirectional(layers.LSTM(4))(embedded)
outputs = layers.Dense(1, activation="sigmoid")(x)
model = keras.Model(inputs, outputs)
model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(data, labels, epochs=1, verbose=0)

# %%
model = keras.Sequential(
    [
        keras.Input((maxlen,)),
        layers.Embedding(max_words, embedding_dim),
        layers.Flatten(),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["acc"])
model.fit(data, labels, epochs=1, verbose=0)
e = model.layers[0]
weights = e.get_weights()[0]
weights.shape
