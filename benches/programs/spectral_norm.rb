# The spectral norm of an infinite matrix, cut off: calls and arithmetic over lists of numbers.

def entry(i, k)
  diagonal = i + k
  1.0 / (diagonal * (diagonal + 1) / 2 + i + 1)
end

def times(from, into)
  count = from.size
  i = 0
  while i < count
    sum = 0
    k = 0
    while k < count
      sum += entry(i, k) * from[k]
      k += 1
    end
    into[i] = sum
    i += 1
  end
end

def times_transposed(from, into)
  count = from.size
  i = 0
  while i < count
    sum = 0
    k = 0
    while k < count
      sum += entry(k, i) * from[k]
      k += 1
    end
    into[i] = sum
    i += 1
  end
end

def main(count)
  u = Array.new(count, 1)
  v = Array.new(count, 0)
  between = Array.new(count, 0)
  10.times do
    times(u, between)
    times_transposed(between, v)
    times(v, between)
    times_transposed(between, u)
  end
  mixed = 0
  square = 0
  count.times do |i|
    mixed += u[i] * v[i]
    square += v[i] * v[i]
  end
  puts (Math.sqrt(mixed / square) * 1e9).floor
end

main(520)
