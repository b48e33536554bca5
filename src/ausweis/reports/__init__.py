"""What people and other tools read of a run.

eval_page      one HTML page of an eval run
eval_source    what that page is made of: the run's folder, transcripts from the golden files
eval_calls     its calls: facts of label and verdict, turn by turn
plots          its curves, as points and as words
eval_markdown  a gate's result for a pull request
junit          a gate's result as JUnit XML
"""
