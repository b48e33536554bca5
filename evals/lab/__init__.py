"""The laboratory: what is learned, tried and measured in a checkout, and not in the wheel.

train         learns what the reader needs (training/); metamorphic: calls changed in ways whose effect is known
inspect_task  the golden set as a task of Inspect
noise, heard  what ASR makes of words, and which values it heard
spoken        calls said by machine voices; adapting: Whisper learns from them (adapter_file)
*_calls       calls written, spoken, heard, spliced; careful_readers: people answer in a model's place
"""
