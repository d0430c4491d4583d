# Texts built from numbers, joined, split, searched, cut and replaced.


def main(rounds):
    total = 0
    for round in range(rounds):
        words = []
        for i in range(20000):
            words.append("cow" + str(i + round))
        text = ",".join(words)
        total += len(text)
        count = 0
        for word in text.split(","):
            if word.startswith("cow1"):
                count += 1
            if word[3:5] == "77":
                count += 1
        total += count
        total += len(text.replace("cow", "calf"))
        total += text.find("cow9999")
        total += len(f"Number {round} of {rounds}: {count} found.".upper())
    print(total)


main(30)
