"""Where the model comes from: environment, locked requirements and source code."""
