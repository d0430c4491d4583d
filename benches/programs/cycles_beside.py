# Cycles made and dropped beside a large heap that stays.


class Record:
    def __init__(self, id):
        self.id = id
        self.name = "n" + str(id)
        self.tags = [id, id + 1, self.name]


class Node:
    def __init__(self, id):
        self.id = id
        self.links = []


records = []


def main(stay, churn):
    for i in range(stay):
        records.append(Record(i))
    total = 0
    for i in range(churn):
        a = Node(i)
        b = Node(records[i % stay])
        a.links.append(b)
        b.links.append(a)
        total += b.links[0].links[0].id.id
    print(total)
    print(len(records))


main(100000, 500000)
