# Twenty methods that do nothing but give a number, called on one object.


class Meadow:
    def amber(self):
        return 1

    def birch(self):
        return 2

    def cedar(self):
        return 3

    def dusk(self):
        return 4

    def elder(self):
        return 5

    def fern(self):
        return 6

    def grove(self):
        return 7

    def hazel(self):
        return 8

    def iris(self):
        return 9

    def juniper(self):
        return 10

    def kelp(self):
        return 11

    def lotus(self):
        return 12

    def maple(self):
        return 13

    def nettle(self):
        return 14

    def olive(self):
        return 15

    def poppy(self):
        return 16

    def quince(self):
        return 17

    def rowan(self):
        return 18

    def sage(self):
        return 19

    def thyme(self):
        return 20


def main(rounds):
    meadow = Meadow()
    total = 0
    for _ in range(rounds):
        total = (
            total
            + meadow.amber()
            + meadow.birch()
            + meadow.cedar()
            + meadow.dusk()
            + meadow.elder()
            + meadow.fern()
            + meadow.grove()
            + meadow.hazel()
            + meadow.iris()
            + meadow.juniper()
            + meadow.kelp()
            + meadow.lotus()
            + meadow.maple()
            + meadow.nettle()
            + meadow.olive()
            + meadow.poppy()
            + meadow.quince()
            + meadow.rowan()
            + meadow.sage()
            + meadow.thyme()
        )
        if total > 500000:
            total = total - 500000
    print(total)


main(1000000)
