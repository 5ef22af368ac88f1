"""One adapter per library, all with the same few methods; none knows what is measured or how."""
