# Maps with number keys and with string keys: filled, looked up, changed, emptied.


def numbered(count):
    map = {}
    for i in range(count):
        map[i * 7 % count] = i
    total = 0
    for i in range(count):
        if i * 3 in map:
            total += map[i * 3]
        map[i] += 1
    for i in range(0, count, 2):
        del map[i]
    for key in map:
        total += key
    return total + len(map)


def named(words):
    map = {}
    for word in words:
        map[word] = len(word)
    total = 0
    for round in range(3):
        for word in words:
            total += map[word]
            map[word] = round
    for word in words:
        if word in map:
            total += 1
        del map[word]
    return total + len(map)


def counted(words, rounds):
    counts = {}
    for round in range(rounds):
        for i in range(500):
            word = words[i * (round + 1) % 1000]
            counts[word] = counts.get(word, 0) + 1
    return counts["cow0"] * 1000 + len(counts)


def main():
    words = []
    for i in range(40000):
        words.append("cow" + str(i))
    for round in range(3):
        print(numbered(200000 + round))
        print(named(words))
        print(named(words))
        print(counted(words, 800))


main()
