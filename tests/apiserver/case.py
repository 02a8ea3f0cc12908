"""@case("sentence"): the list of all cases, in the order they are written."""
import collections

Case = collections.namedtuple("Case", "name function sentence")
cases = []


def case(sentence):
    def note(function):
        cases.append(Case(function.__name__, function, sentence))
        return function
    return note
