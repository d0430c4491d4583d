// The sieve of Eratosthenes over a list of booleans.

function primes(limit) {
  const prime = [];
  for (let i = 0; i <= limit; i++) prime.push(true);
  let count = 0;
  for (let i = 2; i <= limit; i++) {
    if (prime[i]) {
      count++;
      for (let multiple = i * i; multiple <= limit; multiple += i) prime[multiple] = false;
    }
  }
  return count;
}

for (let round = 0; round < 6; round++) console.log(primes(1000000 + round));
