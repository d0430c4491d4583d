# Loops within loops: triangles counted, and a while with two exits.


def triangles(side):
    count = 0
    for a in range(1, side + 1):
        for b in range(a, side + 1):
            c = b
            while c < a + b and c <= side:
                count = count + 1
                if count == 1000000:
                    count = 0
                c = c + 1
    return count


def longest_collatz(limit):
    best = 0
    winner = 0
    for start in range(1, limit):
        n = start
        steps = 0
        while n > 1:
            half = n / 2
            rest = half
            # The fraction of a small number, without a remainder operator.
            while rest >= 1024:
                rest = rest - 1024
            while rest >= 32:
                rest = rest - 32
            while rest >= 1:
                rest = rest - 1
            if rest == 0:
                n = half
            else:
                n = 3 * n + 1
            if n > 1000000:
                n = 1
            steps = steps + 1
        if steps > best:
            best = steps
            winner = start
    print(best)
    return winner


print(triangles(560))
print(longest_collatz(12000))
