"""Networks: plain modules with plain keyword arguments; they know no config, and only `pretrained` knows files."""
