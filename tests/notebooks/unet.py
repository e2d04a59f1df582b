# Segmentation: a U of down and up steps with skips, a dice loss, and masks predicted in a callback.
# %%
import keras
import numpy as np
from keras import layers, ops

images = np.random.rand(16, 16, 16, 3).astype("float32")
masks = (images.mean(-1, keepdims=True) > 0.5).astype("float32")


# %%
def double_conv_block(x, n_filters):
    x = layers.Conv2D(n_filters, 3, padding="same", activation="relu")(x)
    return layers.Conv2D(n_filters, 3, padding="same", activation="relu")(x)


def get_model(img_size):
    inputs = keras.Input(shape=(*img_size, 3))
    x, skips = inputs, []
    for filters in (4, 8):
        x = double_conv_block(x, filters)
        skips.append(x)
        x = layers.MaxPooling2D(2)(x)
    x = double_conv_block(x, 12)
    for filters, skip in zip((8, 4), reversed(skips)):
        x = layers.Conv2DTranspose(filters, 3, 2, padding="same")(x)
        x = layers.concatenate([x, skip])
        x = double_conv_block(x, filters)
    outputs = layers.Conv2D(1, 1, activation="sigmoid")(x)
    return keras.Model(inputs, outputs)


model = get_model((16, 16))


# %%
def dice_loss(y_true, y_pred, smooth=1.0):
    intersection = ops.sum(y_true * y_pred)
    return 1 - (2 * intersection + smooth) / (ops.sum(y_true) + ops.sum(y_pred) + smooth)


def total_loss(y_true, y_pred):
    return dice_loss(y_true, y_pred) + ops.mean(keras.losses.binary_crossentropy(y_true, y_pred))


class DisplayCallback(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        print(epoch, model.predict(images[:1], verbose=0).mean().round(2))


model.compile(keras.optimizers.Adam(1e-3), loss=total_loss, metrics=[keras.metrics.BinaryIoU([1])])
model.fit(images, masks, epochs=2, batch_size=8, callbacks=[DisplayCallback()], verbose=0)

# %%
for smooth in (0.1, 10.0):
    model.compile("adam", loss=lambda t, p: dice_loss(t, p, smooth))
    print(smooth, model.evaluate(images, masks, verbose=0))

# %%
model = get_model((16, 16))
model.compile("adam", "binary_crossentropy")
model.fit(images, masks, epochs=1, verbose=0)
model.predict(images[:2], verbose=0).shape
