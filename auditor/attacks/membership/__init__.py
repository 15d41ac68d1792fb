"""Was a person's record in the training data?"""
