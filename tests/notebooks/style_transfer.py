# Style transfer: a frozen extractor of features, and an image which is optimized.
# %%
import keras
import numpy as np
import tensorflow as tf
from keras import layers

content_image = tf.constant(np.random.rand(1, 24, 24, 3).astype("float32"))
style_image = tf.constant(np.random.rand(1, 24, 24, 3).astype("float32"))

# %%
inputs = keras.Input((None, None, 3))
x = layers.Conv2D(4, 3, activation="relu", padding="same", name="block1_conv1")(inputs)
x = layers.MaxPooling2D(name="block1_pool")(x)
x = layers.Conv2D(6, 3, activation="relu", padding="same", name="block2_conv1")(x)
x = layers.MaxPooling2D(name="block2_pool")(x)
x = layers.Conv2D(8, 3, activation="relu", padding="same", name="block3_conv1")(x)
vgg = keras.Model(inputs, x, name="small_vgg")
content_layers, style_layers = ["block3_conv1"], ["block1_conv1", "block2_conv1"]


# %%
def vgg_layers(layer_names):
    vgg.trainable = False
    outputs = [vgg.get_layer(name).output for name in layer_names]
    return keras.Model(vgg.input, outputs)


def gram_matrix(input_tensor):
    result = tf.linalg.einsum("bijc,bijd->bcd", input_tensor, input_tensor)
    shape = tf.shape(input_tensor)
    return result / tf.cast(shape[1] * shape[2], tf.float32)


style_extractor = vgg_layers(style_layers)
for name, output in zip(style_layers, style_extractor(style_image)):
    print(name, output.shape)


# %%
class StyleContentModel(keras.Model):
    def __init__(self, style_layers, content_layers):
        super().__init__()
        self.vgg = vgg_layers(style_layers + content_layers)
        self.style_layers = style_layers
        self.content_layers = content_layers
        self.num_style_layers = len(style_layers)
        self.vgg.trainable = False

    def call(self, inputs):
        outputs = self.vgg(inputs * 255.0)
        style_outputs, content_outputs = outputs[: self.num_style_layers], outputs[self.num_style_layers :]
        return {
            "content": dict(zip(self.content_layers, content_outputs)),
            "style": {n: gram_matrix(v) for n, v in zip(self.style_layers, style_outputs)},
        }


extractor = StyleContentModel(style_layers, content_layers)
style_targets = extractor(style_image)["style"]
content_targets = extractor(content_image)["content"]

# %%
image = tf.Variable(content_image)
opt = keras.optimizers.Adam(learning_rate=0.02, beta_1=0.99, epsilon=1e-1)
style_weight, content_weight, total_variation_weight = 1e-2, 1e4, 30


def style_content_loss(outputs):
    style = tf.add_n(
        [tf.reduce_mean((outputs["style"][n] - style_targets[n]) ** 2) for n in outputs["style"]]
    )
    content = tf.add_n(
        [tf.reduce_mean((outputs["content"][n] - content_targets[n]) ** 2) for n in outputs["content"]]
    )
    return style * style_weight + content * content_weight


@tf.function()
def train_step(image):
    with tf.GradientTape() as tape:
        loss = style_content_loss(extractor(image))
    opt.apply_gradients([(tape.gradient(loss, image), image)])
    image.assign(tf.clip_by_value(image, 0.0, 1.0))


for _ in range(2):
    train_step(image)

# %%
# Once more from the start, with the variation in the loss.
opt = keras.optimizers.Adam(learning_rate=0.02, beta_1=0.99, epsilon=1e-1)
image = tf.Variable(content_image)


@tf.function()
def train_step(image):
    with tf.GradientTape() as tape:
        loss = style_content_loss(extractor(image))
        loss += total_variation_weight * tf.reduce_sum(tf.image.total_variation(image))
    opt.apply_gradients([(tape.gradient(loss, image), image)])
    image.assign(tf.clip_by_value(image, 0.0, 1.0))


for _ in range(2):
    train_step(image)
assert not np.allclose(image.numpy(), content_image.numpy())
