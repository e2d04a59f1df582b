# Grad-CAM, saliency and filters that maximise an activation.
# %%
import keras
import numpy as np
import tensorflow as tf
from keras import layers

images = np.random.rand(4, 16, 16, 3).astype("float32")


# %%
def make_model():
    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="conv_1")(inputs)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(6, 3, activation="relu", name="last_conv")(x)
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(3, activation="softmax", name="predictions")(x)
    return keras.Model(inputs, outputs)


model = make_model()
model.layers[-1].activation = None
preds = model.predict(images, verbose=0)
preds.argmax(-1)


# %%
def make_gradcam_heatmap(img_array, model, last_conv_layer_name, pred_index=None):
    grad_model = keras.models.Model(
        model.inputs, [model.get_layer(last_conv_layer_name).output, model.output]
    )
    with tf.GradientTape() as tape:
        last_conv_layer_output, preds = grad_model(img_array)
        if pred_index is None:
            pred_index = tf.argmax(preds[0])
        class_channel = preds[:, pred_index]
    grads = tape.gradient(class_channel, last_conv_layer_output)
    pooled_grads = tf.reduce_mean(grads, axis=(0, 1, 2))
    heatmap = last_conv_layer_output[0] @ pooled_grads[..., tf.newaxis]
    heatmap = tf.maximum(tf.squeeze(heatmap), 0)
    return heatmap.numpy()


heatmap = make_gradcam_heatmap(images[:1], model, "last_conv")
heatmap.shape

# %%
# The second way: the classifier runs on the convolution's output as a model of its own.
last_conv_layer = model.get_layer("last_conv")
last_conv_layer_model = keras.Model(model.inputs, last_conv_layer.output)
classifier_input = keras.Input(batch_shape=last_conv_layer.output.shape)
x = classifier_input
for layer_name in [layer.name for layer in model.layers][-2:]:
    x = model.get_layer(layer_name)(x)
classifier_model = keras.Model(classifier_input, x)
with tf.GradientTape() as tape:
    output = last_conv_layer_model(images[:1])
    tape.watch(output)
    top = classifier_model(output)[:, 0]
tape.gradient(top, output).shape

# %%
feature_extractor = keras.Model(inputs=model.inputs, outputs=model.get_layer("conv_1").output)


@tf.function
def gradient_ascent_step(image, filter_index, learning_rate):
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = tf.reduce_mean(feature_extractor(image)[:, 2:-2, 2:-2, filter_index])
    grads = tf.math.l2_normalize(tape.gradient(loss, image))
    return image + learning_rate * grads


for filter_index in range(3):
    image = tf.random.uniform((1, 16, 16, 3), 0.4, 0.6)
    for _ in range(3):
        image = gradient_ascent_step(image, filter_index, 10.0)
image.shape

# %%
outputs = model(images[:1])
model.layers[-1](tf.zeros((1, 6)))
