# One loop of additions: the dispatch of the machine and little else.


def main():
    total = 0
    laps = 0
    for i in range(60000000):
        total = total + i
        if total > 900000000:
            total = total - 900000000
            laps = laps + 1
            if laps == 1000:
                laps = 0
    print(laps)


main()
