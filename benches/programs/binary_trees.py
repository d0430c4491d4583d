# Binary trees of many depths made and dropped beside one that stays: allocation and recursion.


class Tree:
    def __init__(self, depth):
        if depth > 0:
            self.left = Tree(depth - 1)
            self.right = Tree(depth - 1)
        else:
            self.left = None
            self.right = None

    def count(self):
        if self.left is None:
            return 1
        return self.left.count() + self.right.count() + 1


def main(depths):
    stays = Tree(depths)
    print(Tree(depths + 1).count())
    rounds = 1
    for _ in range(4, depths, 2):
        rounds = rounds * 4
    for depth in range(4, depths + 1, 2):
        nodes = 0
        for _ in range(rounds):
            nodes = nodes + Tree(depth).count()
        print(depth)
        print(nodes - rounds)
        rounds = rounds // 4
    print(stays.count())


main(16)
