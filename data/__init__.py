"""Facts: what was published, what was traded, when the market could first react. No statistics."""
