"""A page that compares two rankings; needs the extra ``playground``, and only its command loads it."""
