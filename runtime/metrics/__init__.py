"""What the running system says about itself."""
