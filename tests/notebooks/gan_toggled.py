# A GAN of two compiled models, with the discriminator's flag set before each step.
# check may say: KG202
# %%
import numpy as np
from keras import Input, Model, Sequential, layers, optimizers

latent_dim = 6
real_images = np.random.rand(64, 16).astype("float32")


# %%
def build_generator():
    model = Sequential(name="generator")
    model.add(Input((latent_dim,)))
    model.add(layers.Dense(12))
    model.add(layers.LeakyReLU(negative_slope=0.2))
    model.add(layers.Dense(16, activation="sigmoid"))
    return model


def build_discriminator():
    model = Sequential(name="discriminator")
    model.add(Input((16,)))
    model.add(layers.Dense(12))
    model.add(layers.LeakyReLU(negative_slope=0.2))
    model.add(layers.Dense(1, activation="sigmoid"))
    return model


# %%
generator = build_generator()
discriminator = build_discriminator()
discriminator.compile(loss="binary_crossentropy", optimizer=optimizers.Adam(1e-3), metrics=["accuracy"])

z = Input((latent_dim,))
discriminator.trainable = False
gan = Model(z, discriminator(generator(z)))
gan.compile(loss="binary_crossentropy", optimizer=optimizers.Adam(1e-3))


# %%
def set_trainable(network, flag):
    network.trainable = flag
    for layer in network.layers:
        layer.trainable = flag


# %%
batch_size = 16
for step in range(4):
    noise = np.random.normal(size=(batch_size, latent_dim))
    fake = generator.predict(noise, verbose=0)
    real = real_images[np.random.randint(0, len(real_images), batch_size)]

    set_trainable(discriminator, True)
    d0 = discriminator.get_weights()[0]
    d_real = discriminator.train_on_batch(real, np.ones((batch_size, 1)))
    d_fake = discriminator.train_on_batch(fake, np.zeros((batch_size, 1)))
    d1 = discriminator.get_weights()[0]
    assert not np.allclose(d0, d1)

    set_trainable(discriminator, False)
    g0 = generator.get_weights()[0]
    g_loss = gan.train_on_batch(noise, np.ones((batch_size, 1)))
    assert np.allclose(d1, discriminator.get_weights()[0])
    assert not np.allclose(g0, generator.get_weights()[0])
    print(step, d_real, d_fake, g_loss)

# %%
samples = generator.predict(np.random.normal(size=(4, latent_dim)), verbose=0)
samples.shape
