"""A picture of an ID card -> its fields, checked; everything stays in memory."""
