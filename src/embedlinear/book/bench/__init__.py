"""How fast are lookup, product, gradient and step, and how fast could they be?

``cases`` says what is measured, ``measure`` how; the chapter reads ``results``.
"""
