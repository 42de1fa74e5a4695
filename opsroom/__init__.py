"""The frame: settings, people, the pipeline, and what starts it all."""
