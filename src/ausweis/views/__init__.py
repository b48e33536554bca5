"""One call as a person sees it: what the daily review and the desk in the browser both show.

findings   what happened, the worst first: moment, words, quotes, what would have been right
turns      what was said, in pieces, with marks where something was found
excerpt    of that, the turns around the findings
masks      which parts of a call are personal data
advice     what the agent should have done
trends     shares of calls with a violation, by day
deadlines  how long it is until one
glossary   what words of the pages mean, at their first place
decided    what reviewers decided, as far as the reader may see it

tables       tables with typed cells
call_tables  calls as one, their findings as another
workbook     tables as an Excel file
call_book    calls as an Excel file

words      the words of the pages in a language, and how days and numbers are written; texts/ holds them
templates  what all HTML pages share
"""
