"""Models of libraries that have no converters of their own, saved and loaded through `trust=`."""
