# Old objects that are given new parts, here and there: stores from an old generation into a young one.


class Record:
    def __init__(self, id):
        self.id = id
        self.name = "n" + str(id)
        self.tags = [id, id + 1, self.name]


records = []


def main(stay, stores):
    for i in range(stay):
        records.append(Record(i))
    place = 1
    for i in range(stores):
        place = (place * 1103 + 12345) % stay
        records[place].tags = [i, place, records[place]]
    total = 0
    for record in records:
        total += record.tags[1] % 7 + record.id % 5
    print(total)


main(200000, 800000)
