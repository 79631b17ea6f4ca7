"""What is not seen but acts: control characters, and those that turn the direction of text around.

To be replaced (`str.translate`) wherever text from outside is shown.
"""

UNSEEN = dict.fromkeys(
    [*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\ufffd"
) | dict.fromkeys(map(ord, "\t\n\r"), " ")
