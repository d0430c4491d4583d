# Strings compared: the same one, equal ones that were joined, different ones of one length and of another.


def main(rounds):
    short = "a"
    pair = "ab"
    joined = "".join(["a", "b"])
    text = "the cow jumped over the moon"
    near = "the cow jumped over the mook"
    far = "the cat jumped over the moon"
    long = "the cow jumped over the moon and did not come back before the milking of the evening"
    copy = "".join(["the cow jumped over the moon and did not come back ", "before the milking of the evening"])
    equal = 0
    for _ in range(rounds):
        if short == pair:
            equal = equal + 1
        if pair == joined:
            equal = equal + 1
        if text == near:
            equal = equal + 1
        if text == far:
            equal = equal + 1
        if text == text:
            equal = equal + 1
        if text == long:
            equal = equal + 1
        if long == copy:
            equal = equal + 1
        if long == near:
            equal = equal + 1
        if far != near:
            equal = equal + 1
        if copy != long:
            equal = equal + 1
        if text != "the cow jumped over the moon":
            equal = equal + 1
        if pair == "ab":
            equal = equal + 1
        if short == 1:
            equal = equal + 1
        if short == None:
            equal = equal + 1
    print("%.14g" % (equal / 1000))


main(6000000)
