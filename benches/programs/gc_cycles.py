# Cycles made and dropped at once: what counts alone never give back.


class Node:
    def __init__(self, id):
        self.id = id
        self.other = None
        self.self = self


def main(rounds):
    total = 0
    for i in range(rounds):
        a = Node(i)
        b = Node(1)
        a.other = b
        b.other = a
        total = total + a.other.other.self.other.id
    print(total)


main(900000)
