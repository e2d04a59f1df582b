# Character translation: the inference models are made of the trained layers, under the names of the training graph.
# %%
import keras
import numpy as np

num_encoder_tokens, num_decoder_tokens, latent_dim = 7, 9, 8
encoder_input_data = np.eye(num_encoder_tokens)[np.random.randint(0, num_encoder_tokens, (40, 5))]
decoder_input_data = np.eye(num_decoder_tokens)[np.random.randint(0, num_decoder_tokens, (40, 6))]
decoder_target_data = np.roll(decoder_input_data, -1, axis=1)

# %%
encoder_inputs = keras.Input(shape=(None, num_encoder_tokens))
encoder = keras.layers.LSTM(latent_dim, return_state=True)
encoder_outputs, state_h, state_c = encoder(encoder_inputs)
encoder_states = [state_h, state_c]

decoder_inputs = keras.Input(shape=(None, num_decoder_tokens))
decoder_lstm = keras.layers.LSTM(latent_dim, return_sequences=True, return_state=True)
decoder_outputs, _, _ = decoder_lstm(decoder_inputs, initial_state=encoder_states)
decoder_dense = keras.layers.Dense(num_decoder_tokens, activation="softmax")
decoder_outputs = decoder_dense(decoder_outputs)
model = keras.Model([encoder_inputs, decoder_inputs], decoder_outputs)

# %%
model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
model.fit([encoder_input_data, decoder_input_data], decoder_target_data, batch_size=20, epochs=1, verbose=0)

# %%
# Every layer is found in the trained model again.
encoder_inputs = model.input[0]
encoder_outputs, state_h_enc, state_c_enc = model.layers[2].output
encoder_states = [state_h_enc, state_c_enc]
encoder_model = keras.Model(encoder_inputs, encoder_states)

decoder_inputs = model.input[1]
decoder_state_input_h = keras.Input(shape=(latent_dim,))
decoder_state_input_c = keras.Input(shape=(latent_dim,))
decoder_states_inputs = [decoder_state_input_h, decoder_state_input_c]
decoder_lstm = model.layers[3]
decoder_outputs, state_h_dec, state_c_dec = decoder_lstm(decoder_inputs, initial_state=decoder_states_inputs)
decoder_states = [state_h_dec, state_c_dec]
decoder_dense = model.layers[4]
decoder_outputs = decoder_dense(decoder_outputs)
decoder_model = keras.Model([decoder_inputs, *decoder_states_inputs], [decoder_outputs, *decoder_states])


# %%
def decode_sequence(input_seq):
    states_value = encoder_model.predict(input_seq, verbose=0)
    target_seq = np.zeros((1, 1, num_decoder_tokens))
    target_seq[0, 0, 0] = 1.0
    decoded = []
    while len(decoded) < 4:
        output_tokens, h, c = decoder_model.predict([target_seq, *states_value], verbose=0)
        token = int(np.argmax(output_tokens[0, -1]))
        decoded.append(token)
        target_seq = np.zeros((1, 1, num_decoder_tokens))
        target_seq[0, 0, token] = 1.0
        states_value = [h, c]
    return decoded


decode_sequence(encoder_input_data[:1])
