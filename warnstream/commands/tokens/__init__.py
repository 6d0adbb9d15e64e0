"""Lines and tokens by which gateways, posts and programs are known."""
