"""Models on disk: json and safetensors, never pickles."""
