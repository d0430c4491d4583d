# Loops within loops: triangles counted, and a while with two exits.

def triangles(side)
  count = 0
  a = 1
  while a <= side
    b = a
    while b <= side
      c = b
      while c < a + b && c <= side
        count += 1
        count = 0 if count == 1000000
        c += 1
      end
      b += 1
    end
    a += 1
  end
  count
end

def longest_collatz(limit)
  best = 0
  winner = 0
  start = 1
  while start < limit
    n = start
    steps = 0
    while n > 1
      half = n / 2.0
      rest = half
      # The fraction of a small number, without a remainder operator.
      rest -= 1024 while rest >= 1024
      rest -= 32 while rest >= 32
      rest -= 1 while rest >= 1
      n = rest == 0 ? half : 3 * n + 1
      n = 1 if n > 1000000
      steps += 1
    end
    if steps > best
      best = steps
      winner = start
    end
    start += 1
  end
  puts best
  winner
end

puts triangles(560)
puts longest_collatz(12000)
