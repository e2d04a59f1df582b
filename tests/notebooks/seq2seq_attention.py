# Translation with attention: an encoder and a decoder trained together, then run apart.
# %%
import keras
import numpy as np
from keras import layers

source_vocab, target_vocab, length, units = 20, 24, 6, 8
source = np.random.randint(1, source_vocab, (48, length))
target = np.random.randint(1, target_vocab, (48, length + 1))
decoder_in, decoder_out = target[:, :-1], target[:, 1:]

# %%
encoder_inputs = keras.Input((None,), name="source")
x = layers.Embedding(source_vocab, units)(encoder_inputs)
encoder_outputs, forward_h, forward_c, backward_h, backward_c = layers.Bidirectional(
    layers.LSTM(units // 2, return_sequences=True, return_state=True)
)(x)
state_h = layers.Concatenate()([forward_h, backward_h])
state_c = layers.Concatenate()([forward_c, backward_c])
encoder = keras.Model(encoder_inputs, [encoder_outputs, state_h, state_c], name="encoder")

# %%
decoder_inputs = keras.Input((None,), name="target")
memory = keras.Input((None, units), name="memory")
start_h, start_c = keras.Input((units,)), keras.Input((units,))
embedded = layers.Embedding(target_vocab, units)(decoder_inputs)
decoder_lstm = layers.LSTM(units, return_sequences=True, return_state=True)
x, last_h, last_c = decoder_lstm(embedded, initial_state=[start_h, start_c])
context = layers.Attention()([x, memory])
x = layers.Concatenate()([x, context])
logits = layers.Dense(target_vocab)(x)
decoder = keras.Model([decoder_inputs, memory, start_h, start_c], [logits, last_h, last_c], name="decoder")

# %%
outputs, state_h, state_c = encoder(encoder_inputs)
logits, _, _ = decoder([decoder_inputs, outputs, state_h, state_c])
model = keras.Model([encoder_inputs, decoder_inputs], logits)


def masked_loss(y_true, y_pred):
    loss = keras.losses.sparse_categorical_crossentropy(y_true, y_pred, from_logits=True)
    mask = keras.ops.cast(y_true != 0, loss.dtype)
    return keras.ops.sum(loss * mask) / keras.ops.sum(mask)


model.compile("adam", masked_loss, metrics=["accuracy"])
history = model.fit(
    [source, decoder_in], decoder_out, batch_size=16, epochs=2, validation_split=0.25, verbose=0
)


# %%
def translate(sequence, start=1, steps=4):
    values, h, c = encoder.predict(sequence[None], verbose=0)
    token, found = start, []
    for _ in range(steps):
        probabilities, h, c = decoder.predict([np.array([[token]]), values, h, c], verbose=0)
        token = int(probabilities[0, -1].argmax())
        found.append(token)
    return found


for i in range(2):
    print(translate(source[i]))
