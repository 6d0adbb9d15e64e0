"""The operator's own rules: parser, tables of values by village, wording."""
