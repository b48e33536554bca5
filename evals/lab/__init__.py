"""The laboratory: what is learned, tried and measured in a checkout, and not in the wheel.

train         learns what the reader needs (training/)
inspect_task  the golden set as a task of Inspect
speak_calls   calls said by machine voices (spoken/); heard: which values ASR heard
"""
