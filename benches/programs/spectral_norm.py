# The spectral norm of an infinite matrix, cut off: calls and arithmetic over lists of numbers.

import math


def entry(i, k):
    diagonal = i + k
    return 1 / (diagonal * (diagonal + 1) / 2 + i + 1)


def times(source, into):
    count = len(source)
    for i in range(count):
        total = 0
        for k in range(count):
            total += entry(i, k) * source[k]
        into[i] = total


def times_transposed(source, into):
    count = len(source)
    for i in range(count):
        total = 0
        for k in range(count):
            total += entry(k, i) * source[k]
        into[i] = total


def main(count):
    u = [1] * count
    v = [0] * count
    between = [0] * count
    for _ in range(10):
        times(u, between)
        times_transposed(between, v)
        times(v, between)
        times_transposed(between, u)
    mixed = 0
    square = 0
    for i in range(count):
        mixed += u[i] * v[i]
        square += v[i] * v[i]
    print(math.floor(math.sqrt(mixed / square) * 1e9))


main(520)
