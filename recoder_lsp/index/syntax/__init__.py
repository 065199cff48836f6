"""From text to symbols, references and chunks."""
