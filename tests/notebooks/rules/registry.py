"""Three lists of rules, and the decorators that enter a function into one of them."""

BOOK_RULES, PAGE_RULES, PAIR_RULES = [], [], []


def book_rule(rule):
    """Enter ``rule(book)``: it is asked once."""
    BOOK_RULES.append(rule)
    return rule


def page_rule(rule):
    """Enter ``rule(page)``: it is asked for every notebook of every language."""
    PAGE_RULES.append(rule)
    return rule


def pair_rule(rule):
    """Enter ``rule(first, second)``: it is asked for every notebook and its translation."""
    PAIR_RULES.append(rule)
    return rule
