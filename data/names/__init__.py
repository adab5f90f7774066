"""Company names: which securities the words of an article mean."""
