"""Silent edits of Keras models: the cases, what each Keras does with them, and which tools report them."""
