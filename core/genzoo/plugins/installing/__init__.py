"""Changing which plugins are installed: by pip or uv, with the plan shown first."""
