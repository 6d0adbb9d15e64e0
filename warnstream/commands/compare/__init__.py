"""``warnstream compare``: what another configuration would have done over an archive."""
