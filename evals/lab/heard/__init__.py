"""Whether a recording's transcript holds the values that were said in it.

words   spoken and written words in one form: digits, letters, dates, and whether two sound alike
values  the values of a call, where they were heard, and what went wrong
"""
