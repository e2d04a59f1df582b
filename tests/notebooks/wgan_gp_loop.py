# WGAN with gradient penalty: two compiled graph functions and several critic steps for each generator step.
# %%
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

LATENT, WIDTH, BATCH, CRITIC_STEPS, GP_WEIGHT = 4, 6, 16, 3, 10.0
samples = np.random.normal(size=(96, WIDTH)).astype("float32")
train_ds = tf.data.Dataset.from_tensor_slices(samples).shuffle(96).batch(BATCH, drop_remainder=True)

# %%
critic = keras.Sequential([keras.Input((WIDTH,)), layers.Dense(12), layers.LeakyReLU(), layers.Dense(1)])
generator = keras.Sequential(
    [keras.Input((LATENT,)), layers.Dense(12, activation="relu"), layers.Dense(WIDTH)]
)
critic_optimizer = keras.optimizers.Adam(2e-4, beta_1=0.0)
generator_optimizer = keras.optimizers.Adam(2e-4, beta_1=0.0)


# %%
def gradient_penalty(real, fake):
    alpha = tf.random.uniform((BATCH, 1))
    mixed = real + alpha * (fake - real)
    with tf.GradientTape() as tape:
        tape.watch(mixed)
        score = critic(mixed, training=True)
    norm = tf.norm(tape.gradient(score, mixed), axis=1)
    return tf.reduce_mean((norm - 1.0) ** 2)


@tf.function
def critic_step(real):
    with tf.GradientTape() as tape:
        fake = generator(tf.random.normal((BATCH, LATENT)), training=True)
        loss = tf.reduce_mean(critic(fake, training=True)) - tf.reduce_mean(critic(real, training=True))
        loss += GP_WEIGHT * gradient_penalty(real, fake)
    gradients = tape.gradient(loss, critic.trainable_variables)
    critic_optimizer.apply_gradients(zip(gradients, critic.trainable_variables))
    return loss


@tf.function
def generator_step():
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(
            critic(generator(tf.random.normal((BATCH, LATENT)), training=True), training=True)
        )
    gradients = tape.gradient(loss, generator.trainable_variables)
    generator_optimizer.apply_gradients(zip(gradients, generator.trainable_variables))
    return loss


# %%
for epoch in range(2):
    for number, real in enumerate(train_ds):
        c_loss = critic_step(real)
        if number % CRITIC_STEPS == 0:
            g_loss = generator_step()
    print(epoch, float(c_loss), float(g_loss))

# %%
assert np.isfinite(float(c_loss))
generator(tf.random.normal((3, LATENT))).numpy().round(2)
