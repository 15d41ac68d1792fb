"""The demonstration: a real model behind a real endpoint, audited by the real service. The data are UCI Adult."""
