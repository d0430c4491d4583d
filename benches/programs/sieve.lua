-- The sieve of Eratosthenes over a list of booleans.

local function primes(limit)
  local prime = {}
  for i = 0, limit do prime[#prime + 1] = true end
  local count = 0
  for i = 2, limit do
    if prime[i + 1] then
      count = count + 1
      for multiple = i * i, limit, i do prime[multiple + 1] = false end
    end
  end
  return count
end

for round = 0, 5 do print(primes(1000000 + round)) end
