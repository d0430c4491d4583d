-- Loops within loops: triangles counted, and a while with two exits.

local function triangles(side)
  local count = 0
  for a = 1, side do
    for b = a, side do
      local c = b
      while c < a + b and c <= side do
        count = count + 1
        if count == 1000000 then count = 0 end
        c = c + 1
      end
    end
  end
  return count
end

local function longest_collatz(limit)
  local best = 0
  local winner = 0
  for start = 1, limit - 1 do
    local n = start
    local steps = 0
    while n > 1 do
      local half = n / 2
      local rest = half
      -- The fraction of a small number, without a remainder operator.
      while rest >= 1024 do rest = rest - 1024 end
      while rest >= 32 do rest = rest - 32 end
      while rest >= 1 do rest = rest - 1 end
      if rest == 0 then n = half else n = 3 * n + 1 end
      if n > 1000000 then n = 1 end
      steps = steps + 1
    end
    if steps > best then
      best = steps
      winner = start
    end
  end
  print(best)
  return winner
end

print(triangles(560))
print(longest_collatz(12000))
