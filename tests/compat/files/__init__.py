"""Files that older versions of scikit-learn wrote, each with the script that made it."""
