# Objects that stay, half a million, while many more come and go beside them.


class Link:
    def __init__(self, value, next):
        self.value = value
        self.next = next


def main(stay, churn):
    kept = None
    for i in range(stay):
        kept = Link(i, kept)
    total = 0
    for i in range(churn):
        short = Link(i, Link(1, None))
        total = total + short.next.value
        if total == 1000:
            total = 0
    count = 0
    link = kept
    while link is not None:
        count = count + 1
        link = link.next
    print(total)
    print(count)
    # The chain is taken apart link by link: letting go of its head would recurse half a million deep.
    while kept is not None:
        kept = kept.next


main(500000, 600500)
