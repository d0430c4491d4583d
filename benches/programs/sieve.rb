# The sieve of Eratosthenes over a list of booleans.

def primes(limit)
  prime = []
  i = 0
  while i <= limit
    prime << true
    i += 1
  end
  count = 0
  i = 2
  while i <= limit
    if prime[i]
      count += 1
      multiple = i * i
      while multiple <= limit
        prime[multiple] = false
        multiple += i
      end
    end
    i += 1
  end
  count
end

6.times { |round| puts primes(1000000 + round) }
