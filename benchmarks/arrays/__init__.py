"""Big arrays, beside a bare write and a bare read of the same bytes."""
