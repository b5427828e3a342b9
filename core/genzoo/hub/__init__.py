"""Models on the Hugging Face Hub: found, pulled, pushed, pinned.

`huggingface_hub` takes a fifth of a second to import, so its functions are imported where they are
called; `reference` and `cached` never need it.
"""
