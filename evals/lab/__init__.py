"""The laboratory: what is learned, tried and measured in a checkout, and not in the wheel.

train         learns what the reader needs (training/); metamorphic: calls changed in ways whose effect is known
inspect_task  the golden set as a task of Inspect
speak_*       calls said by machine voices (spoken/); heard: which values ASR heard
*_calls       calls written, spliced, spoken; careful_readers: people answer in a model's place
"""
