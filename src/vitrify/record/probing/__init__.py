"""What a model predicted, and whether it still does.

probes     rows of input with the outputs that they gave, and replaying them
known      what a fitted model itself tells about its input: categories, words, keys
draws      random numbers and values for a column
rows       made-up rows in the form of the training data
frames     the same for tables of pandas
asking     which methods a model has, and what they give
comparing  whether two outputs are the same
margins    labels that two scores nearly tie for
"""
