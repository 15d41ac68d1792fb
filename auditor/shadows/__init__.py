"""Shadow models: which half each is trained on, how they are trained, and what they answer."""
