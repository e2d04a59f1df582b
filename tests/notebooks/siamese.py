# A siamese network: one encoder runs on both inputs, and a contrastive loss compares them.
# %%
import keras
import numpy as np
from keras import layers, ops

images = np.random.rand(60, 10, 10, 1).astype("float32")
labels = np.arange(60) % 3


# %%
def make_pairs(x, y):
    pairs, same = [], []
    for index in range(len(x)):
        for wanted in (True, False):
            other = np.random.choice(np.flatnonzero((y == y[index]) == wanted))
            pairs.append([x[index], x[other]])
            same.append(0.0 if wanted else 1.0)
    return np.array(pairs), np.array(same)


pairs, distances = make_pairs(images, labels)
x_1, x_2 = pairs[:, 0], pairs[:, 1]

# %%
input = layers.Input((10, 10, 1))
x = layers.BatchNormalization()(input)
x = layers.Conv2D(4, 3, activation="tanh")(x)
x = layers.AveragePooling2D(2)(x)
x = layers.Flatten()(x)
x = layers.Dense(6, activation="tanh")(x)
embedding_network = keras.Model(input, x)

# %%
input_1 = layers.Input((10, 10, 1))
input_2 = layers.Input((10, 10, 1))
tower_1 = embedding_network(input_1)
tower_2 = embedding_network(input_2)
merge_layer = layers.Lambda(
    lambda vectors: ops.sqrt(ops.sum(ops.square(vectors[0] - vectors[1]), axis=1, keepdims=True) + 1e-7),
    output_shape=(1,),
)([tower_1, tower_2])
output_layer = layers.Dense(1, activation="sigmoid")(layers.BatchNormalization()(merge_layer))
siamese = keras.Model([input_1, input_2], output_layer)


# %%
def loss(margin=1):
    def contrastive_loss(y_true, y_pred):
        square_pred = ops.square(y_pred)
        margin_square = ops.square(ops.maximum(margin - y_pred, 0))
        return ops.mean((1 - y_true) * square_pred + y_true * margin_square)

    return contrastive_loss


# %%
margin = 1
siamese.compile(loss=loss(margin=margin), optimizer="RMSprop", metrics=["accuracy"])
siamese.summary()
history = siamese.fit([x_1, x_2], distances, validation_split=0.2, batch_size=20, epochs=2, verbose=0)

# %%
results = siamese.evaluate([x_1, x_2], distances, verbose=0)
vectors = embedding_network.predict(images[:5], verbose=0)
print(results, vectors.shape)
