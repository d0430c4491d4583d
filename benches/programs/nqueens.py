# Queens on a board, all solutions: recursion and lists of booleans.


def place(row, size, columns, rising, falling):
    if row == size:
        return 1
    count = 0
    for column in range(size):
        up = row + column
        down = row - column + size - 1
        if columns[column] and rising[up] and falling[down]:
            columns[column] = False
            rising[up] = False
            falling[down] = False
            count += place(row + 1, size, columns, rising, falling)
            columns[column] = True
            rising[up] = True
            falling[down] = True
    return count


for size in range(4, 13):
    print(place(0, size, [True] * size, [True] * (2 * size), [True] * (2 * size)))
