# One call site, several classes: methods inherited, overridden and called on objects in turn.


class Animal:
    def __init__(self, weight):
        self.weight = weight

    def eat(self, amount):
        self.weight = self.weight + amount

    def legs(self):
        return 4

    def speak(self):
        return self.voice() + self.legs()

    def voice(self):
        return 0


class Cow(Animal):
    def voice(self):
        return 1


class Calf(Cow):
    def __init__(self, weight, mother):
        super().__init__(weight)
        self.mother = mother

    def eat(self, amount):
        super().eat(amount / 2)

    def voice(self):
        return 2 + self.mother.voice()


class Hen(Animal):
    def legs(self):
        return 2

    def voice(self):
        return 3


def feed(animal):
    animal.eat(2)
    return animal.speak()


def main(rounds):
    cow = Cow(500)
    calf = Calf(40, cow)
    hen = Hen(3)
    total = 0
    for _ in range(rounds):
        total = total + feed(cow) + feed(calf) + feed(hen)
        if total > 100000:
            total = total - 100000
        if cow.weight > 100000:
            cow.weight = 500
        if calf.weight > 100000:
            calf.weight = 40
        if hen.weight > 100000:
            hen.weight = 3
    print(total)
    print(cow.weight)
    print("%.14g" % calf.weight)
    print(hen.weight)


main(600000)
