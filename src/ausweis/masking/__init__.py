"""Personal data in what was said, shown by its kind: `meine PIN ist ‹PIN›`.

kinds    the kinds, spans of them put in order, and what is shown instead
tokens   a text as it reads, and as words with their digits
numbers  digits and spoken numbers: dates, amounts, IBANs, all others
places   addresses and e-mail addresses
names    names of persons
text     all of it in one text
masker   the same with what is known of a call: which turn gives which factor, which names fell
judged   the same for a call that was judged: what its findings need to be seen stays
"""

from ausweis.masking.masker import Masker
from ausweis.masking.text import mask

__all__ = ["Masker", "mask"]
