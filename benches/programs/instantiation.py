# Instances without fields, made and dropped: a class with an initializer and one without.


class Plain:
    pass


class Made:
    def __init__(self):
        pass


def main(rounds):
    last = None
    for _ in range(rounds):
        Plain()
        Made()
        Plain()
        Made()
        Plain()
        Made()
        Plain()
        Made()
        last = Made()
        last = Plain()
    print("true" if last is not None else "false")


main(600000)
