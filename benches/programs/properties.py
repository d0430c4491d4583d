# Twenty fields of one object, read and written.


class Meadow:
    def __init__(self):
        self.amber = 1
        self.birch = 2
        self.cedar = 3
        self.dusk = 4
        self.elder = 5
        self.fern = 6
        self.grove = 7
        self.hazel = 8
        self.iris = 9
        self.juniper = 10
        self.kelp = 11
        self.lotus = 12
        self.maple = 13
        self.nettle = 14
        self.olive = 15
        self.poppy = 16
        self.quince = 17
        self.rowan = 18
        self.sage = 19
        self.thyme = 20

    def sum(self):
        return (
            self.amber
            + self.birch
            + self.cedar
            + self.dusk
            + self.elder
            + self.fern
            + self.grove
            + self.hazel
            + self.iris
            + self.juniper
            + self.kelp
            + self.lotus
            + self.maple
            + self.nettle
            + self.olive
            + self.poppy
            + self.quince
            + self.rowan
            + self.sage
            + self.thyme
        )

    def turn(self):
        first = self.amber
        self.amber = self.birch
        self.birch = self.cedar
        self.cedar = self.dusk
        self.dusk = self.elder
        self.elder = self.fern
        self.fern = self.grove
        self.grove = self.hazel
        self.hazel = self.iris
        self.iris = self.juniper
        self.juniper = self.kelp
        self.kelp = self.lotus
        self.lotus = self.maple
        self.maple = self.nettle
        self.nettle = self.olive
        self.olive = self.poppy
        self.poppy = self.quince
        self.quince = self.rowan
        self.rowan = self.sage
        self.sage = self.thyme
        self.thyme = first


def main(rounds):
    meadow = Meadow()
    total = 0
    for _ in range(rounds):
        total = total + meadow.sum()
        meadow.turn()
        if total > 500000:
            total = total - 500000
    print(total)
    print(meadow.amber)


main(1500000)
