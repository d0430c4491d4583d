# Strings joined with `+`: many short ones, and a long one that grows piece by piece.


def grow(pieces):
    text = ""
    for _ in range(pieces):
        text = text + "moo "
    return text


def pairs(rounds):
    same = 0
    a = "the cow "
    b = "and the calf "
    both = "the cow and the calf "
    for _ in range(rounds):
        text = a + b
        if text == both:
            same = same + 1
        text = text + a + b
        if text == both:
            same = same + 1
    return same


def main(rounds):
    first = grow(4000)
    same = 0
    for _ in range(rounds):
        if grow(4000) == first:
            same = same + 1
        same = same + pairs(20000)
    print(same)


main(100)
