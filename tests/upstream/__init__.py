"""scikit-learn's own tests, with every fitted estimator sent through a glass file before it is used again."""
