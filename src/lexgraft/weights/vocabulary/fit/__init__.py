"""New rows fitted on text: embeddings that read and write as the base does with its pieces."""
