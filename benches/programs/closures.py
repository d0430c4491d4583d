# Closures made and called: counters with state of their own, functions composed, a variable shared by two.


def counter(step):
    n = 0

    def next():
        nonlocal n
        n = n + step
        return n

    return next


def compose(f, g):
    def composed(x):
        return f(g(x))

    return composed


def adder(n):
    def add(x):
        return x + n

    return add


def account(balance):
    def deposit(amount):
        nonlocal balance
        balance = balance + amount

    def read():
        return balance

    def either(which):
        if which:
            return deposit
        return read

    return either


def main(rounds):
    count = counter(2)
    total = 0
    for i in range(rounds):
        twice = compose(adder(i), adder(1))
        total = total + twice(count() - count()) - i
        if total < -500000:
            total = total + 500000
        bess = account(i)
        bess(True)(5)
        if bess(False)() != i + 5:
            print("wrong")
        for _ in range(4):
            count()
    print(total)
    print(count() - 7000000)


main(600000)
