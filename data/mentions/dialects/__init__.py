"""The dialects, one module each. A module here with an object ``DIALECT`` is in use."""
