# Comparisons for equality of values of every kind, held in locals.


class Cow:
    pass


def main(rounds):
    nothing = None
    yes = True
    no = False
    one = 1
    two = 2
    text = "moo"
    other = "baa"
    bess = Cow()
    daisy = Cow()
    equal = 0
    different = 0
    for i in range(rounds):
        if nothing == None:
            equal = equal + 1
        if yes == no:
            equal = equal + 1
        if one == i:
            equal = equal + 1
        if one == two:
            equal = equal + 1
        if one == text:
            equal = equal + 1
        if text == text:
            equal = equal + 1
        if text == other:
            equal = equal + 1
        if bess == daisy:
            equal = equal + 1
        if bess == bess:
            equal = equal + 1
        if nothing != yes:
            different = different + 1
        if no != no:
            different = different + 1
        if two != 2:
            different = different + 1
        if two != i:
            different = different + 1
        if other != "moo":
            different = different + 1
        if daisy != bess:
            different = different + 1
        if daisy != nothing:
            different = different + 1
    print(equal - 3 * rounds)
    print(different - 5 * rounds)


main(6000000)
