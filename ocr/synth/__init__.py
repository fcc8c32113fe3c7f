"""Pictures of ID cards of people who do not exist, with what stands on them: to test and to measure by."""
