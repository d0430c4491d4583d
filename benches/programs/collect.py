# Records that stay: an instance, a list and a string each. Then full collections that find nothing to give back.

import gc
import sys
import time


class Record:
    def __init__(self, id):
        self.id = id
        self.name = "n" + str(id)
        self.tags = [id, id + 1, self.name]


def resident():
    """The resident set in bytes."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


records = []


def main(count):
    # The outer list has its room before the records are weighed.
    for _ in range(count):
        records.append(None)
    before = resident()
    for i in range(count):
        records[i] = Record(i)
    print(f"# record {(resident() - before) / count} bytes")
    for _ in range(3):
        start = time.process_time()
        gc.collect()
        print(f"# collection {(time.process_time() - start) * 1000} ms")
    total = 0
    for record in records:
        total += record.tags[1]
    print(total)


main(int(sys.argv[1]))
