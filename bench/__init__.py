"""Figures of the project, each as a ratio to a peer or a physical limit of the same run."""
