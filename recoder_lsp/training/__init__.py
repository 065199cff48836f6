"""How the embedded code model is made: corpus, tokenizer, training rows, training, export, evaluation."""
