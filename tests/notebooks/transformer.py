# A small transformer: positions, attention, a schedule of one's own, and generated text.
# %%
import keras
import numpy as np
from keras import layers, ops

vocab_size, sequence_length, embed_dim = 16, 8, 8
tokens = np.random.randint(1, vocab_size, (48, sequence_length + 1))
x, y = tokens[:, :-1], tokens[:, 1:]


# %%
class PositionalEmbedding(layers.Layer):
    def __init__(self, sequence_length, vocab_size, embed_dim):
        super().__init__()
        self.token_emb = layers.Embedding(vocab_size, embed_dim)
        self.pos_emb = layers.Embedding(sequence_length, embed_dim)

    def call(self, inputs):
        positions = ops.arange(ops.shape(inputs)[-1])
        return self.token_emb(inputs) + self.pos_emb(positions)


class TransformerBlock(layers.Layer):
    def __init__(self, embed_dim, num_heads, ff_dim, rate=0.1):
        super().__init__()
        self.att = layers.MultiHeadAttention(num_heads, embed_dim // num_heads)
        self.ffn = keras.Sequential([layers.Dense(ff_dim, activation="relu"), layers.Dense(embed_dim)])
        self.layernorm1, self.layernorm2 = layers.LayerNormalization(), layers.LayerNormalization()
        self.dropout1, self.dropout2 = layers.Dropout(rate), layers.Dropout(rate)

    def call(self, inputs, training=None):
        attention = self.att(inputs, inputs, use_causal_mask=True)
        out1 = self.layernorm1(inputs + self.dropout1(attention, training=training))
        return self.layernorm2(out1 + self.dropout2(self.ffn(out1), training=training))


class WarmupSchedule(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, rate=1e-2, warmup_steps=3):
        self.rate, self.warmup_steps = rate, warmup_steps

    def __call__(self, step):
        step = ops.cast(step, "float32")
        return self.rate * ops.minimum(step / self.warmup_steps, ops.rsqrt(step + 1.0))


# %%
inputs = keras.Input((None,), dtype="int32")
h = PositionalEmbedding(sequence_length, vocab_size, embed_dim)(inputs)
for _ in range(2):
    h = TransformerBlock(embed_dim, 2, 16)(h)
logits = layers.Dense(vocab_size)(h)
model = keras.Model(inputs, logits)
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(WarmupSchedule()), loss_fn)


# %%
class TextGenerator(keras.callbacks.Callback):
    def __init__(self, start, steps):
        super().__init__()
        self.start, self.steps, self.found = start, steps, []

    def on_epoch_end(self, epoch, logs=None):
        text = list(self.start)
        for _ in range(self.steps):
            predictions = self.model.predict(np.array([text]), verbose=0)
            text.append(int(predictions[0, -1].argmax()))
        self.found.append(text)


generator = TextGenerator([1, 2], 3)
model.fit(x, y, epochs=2, batch_size=16, callbacks=[generator], verbose=0)
generator.found

# %%
# A classifier of the same blocks, under the same name.
inputs = keras.Input((sequence_length,))
h = PositionalEmbedding(sequence_length, vocab_size, embed_dim)(inputs)
h = TransformerBlock(embed_dim, 2, 16)(h)
h = layers.GlobalAveragePooling1D()(h)
h = layers.Dropout(0.1)(h)
model = keras.Model(inputs, layers.Dense(2, activation="softmax")(h))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, np.arange(48) % 2, epochs=1, verbose=0)
