"""What people and other tools read of a run.

eval_page      one HTML page of an eval run
eval_calls     its calls: facts of label and verdict, turn by turn
plots          its curves, as points and as words
eval_markdown  a gate's result for a pull request
junit          a gate's result as JUnit XML

review_page      the daily review as one HTML page
review_markdown  the same as Markdown
review_csv       its calls to review as CSV
csv_files        CSV for programs and for Excel
review_source    what it is made of: the store's counts and calls to review
review_tallies   those counts: calls of its days and of the days before
review_counts    counts against the days before, and what changed beyond chance
review_calls     a call to review
review_since     what is new since the day before
mail             the mail of each morning
notify           a summary to a webhook or mailbox

pages          what pages in one file share: a policy that lets nothing run
markdown       words of calls in Markdown
"""
