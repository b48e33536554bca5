"""Calls as people see them: the daily review, its mails and files, pages of evals, and the parts that the desk shows.

words        texts of a language, days and numbers, and the glossary of a page; texts/ holds them
markup       templates of HTML pages, a policy that lets nothing run in them, words of calls in Markdown
turns        the turns of a call, masked, with marks where something was found
findings     violations and incidents in words, with what reviewers decided about them
tables       calls and findings as tables, and tables as CSV
workbook     Excel files
counts       calls of days counted: trends, and changes beyond chance

review       the daily review, from the store
review_page  the review as HTML and Markdown
notify       the summary of a review to a webhook or mailbox

eval_page    one HTML page of an eval run
compare_page  several eval runs side by side
gate_report  a gate's result as Markdown and as JUnit XML
"""
