# Pancakes flipped for every permutation: reading and writing the items of short lists.


def fannkuch(size):
    order = list(range(size))
    rotated = [0] * size
    most = 0
    checksum = 0
    even = True
    while True:
        if order[0] != 0:
            stack = order[:]
            flips = 0
            first = stack[0]
            while first != 0:
                low = 0
                high = first
                while low < high:
                    stack[low], stack[high] = stack[high], stack[low]
                    low += 1
                    high -= 1
                flips += 1
                first = stack[0]
            if flips > most:
                most = flips
            checksum += flips if even else -flips
        # The next permutation: prefixes are rotated, a longer one once a shorter one has come round.
        even = not even
        end = 1
        while True:
            if end == size:
                print(checksum)
                print(most)
                return
            front = order[0]
            for i in range(end):
                order[i] = order[i + 1]
            order[end] = front
            rotated[end] += 1
            if rotated[end] <= end:
                break
            rotated[end] = 0
            end += 1


fannkuch(9)
