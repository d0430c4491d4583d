-- The spectral norm of an infinite matrix, cut off: calls and arithmetic over lists of numbers.

local function entry(i, k)
  local diagonal = i + k
  return 1 / (diagonal * (diagonal + 1) / 2 + i + 1)
end

local function times(from, into)
  local count = #from
  for i = 0, count - 1 do
    local sum = 0
    for k = 0, count - 1 do sum = sum + entry(i, k) * from[k + 1] end
    into[i + 1] = sum
  end
end

local function times_transposed(from, into)
  local count = #from
  for i = 0, count - 1 do
    local sum = 0
    for k = 0, count - 1 do sum = sum + entry(k, i) * from[k + 1] end
    into[i + 1] = sum
  end
end

local function filled(count, value)
  local list = {}
  for i = 1, count do list[i] = value end
  return list
end

local function main(count)
  local u = filled(count, 1)
  local v = filled(count, 0)
  local between = filled(count, 0)
  for _ = 1, 10 do
    times(u, between)
    times_transposed(between, v)
    times(v, between)
    times_transposed(between, u)
  end
  local mixed = 0
  local square = 0
  for i = 1, count do
    mixed = mixed + u[i] * v[i]
    square = square + v[i] * v[i]
  end
  print(math.floor(math.sqrt(mixed / square) * 1e9))
end

main(520)
