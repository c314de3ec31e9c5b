"""What happens when a call is interrupted, the disk is full, or others use the same file."""
