"""How well recordings are heard, measured on folders of spoken calls: `python -m benchmarks.recordings FOLDER…`.

__main__     the command
material     the calls of a folder: recordings, what was said when, labels
hear         hears recordings in one way; a process of its own
ways         the processes of a way, one a policy, and what they kept
scores       word errors, values, roles: the numbers of a way
word_errors  texts made alike before their words are counted
judging      verdicts of calls as heard and as written
outcomes     what the ones are worth beside the others
tables       numbers as aligned tables
"""
