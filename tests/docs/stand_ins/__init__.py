"""Stand-ins for libraries that the tests do not need: this folder is on the path where pages run."""
