# Augmentation in the model and in the dataset, for a network with a stem, blocks and a head.
# %%
import keras
import numpy as np
import tensorflow as tf
from keras import layers

images, labels = np.random.randint(0, 256, (32, 20, 20, 3)).astype("float32"), np.arange(32) % 3
train_ds = tf.data.Dataset.from_tensor_slices((images, labels)).batch(8)
AUTOTUNE = tf.data.AUTOTUNE

# %%
data_augmentation = keras.Sequential(
    [layers.RandomFlip("horizontal"), layers.RandomRotation(0.1), layers.RandomZoom(0.1)]
)
augmented = data_augmentation(images[:2])
augmented.shape

# %%
model = keras.Sequential(
    [
        keras.Input((20, 20, 3)),
        data_augmentation,
        layers.Rescaling(1.0 / 255),
        layers.Conv2D(4, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Dropout(0.2),
        layers.Flatten(),
        layers.Dense(3),
    ]
)
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
history = model.fit(train_ds, validation_data=train_ds, epochs=2, verbose=0)

# %%
augmentation_layers = [layers.RandomFlip("horizontal"), layers.RandomContrast(0.1)]


def augment(batch):
    for layer in augmentation_layers:
        batch = layer(batch)
    return batch


augmented_train_ds = train_ds.map(lambda x, y: (augment(x), y), num_parallel_calls=AUTOTUNE).prefetch(
    AUTOTUNE
)


# %%
def make_model(input_shape, num_classes):
    inputs = keras.Input(shape=input_shape)
    x = layers.Rescaling(1.0 / 255)(inputs)
    x = layers.Conv2D(4, 3, strides=2, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    previous_block_activation = x
    for size in [6, 8]:
        x = layers.Activation("relu")(x)
        x = layers.SeparableConv2D(size, 3, padding="same")(x)
        x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        residual = layers.Conv2D(size, 1, strides=2, padding="same")(previous_block_activation)
        x = layers.add([x, residual])
        previous_block_activation = x
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(num_classes, activation="softmax")(x))


model = make_model((20, 20, 3), 3)
model.compile(keras.optimizers.Adam(3e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(augmented_train_ds, epochs=1, validation_data=train_ds, verbose=0)

# %%
model.predict(images[:1], verbose=0)[0].round(2)
