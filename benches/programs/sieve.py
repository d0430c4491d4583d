# The sieve of Eratosthenes over a list of booleans.


def primes(limit):
    prime = []
    for _ in range(limit + 1):
        prime.append(True)
    count = 0
    for i in range(2, limit + 1):
        if prime[i]:
            count += 1
            for multiple in range(i * i, limit + 1, i):
                prime[multiple] = False
    return count


for round in range(6):
    print(primes(1000000 + round))
