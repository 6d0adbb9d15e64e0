"""Commands about configurations as bundles."""
