-- Maps with number keys and with string keys: filled, looked up, changed, emptied.

local function numbered(count)
  local map = {}
  for i = 0, count - 1 do map[i * 7 % count] = i end
  local sum = 0
  for i = 0, count - 1 do
    local found = map[i * 3]
    if found then sum = sum + found end
    map[i] = map[i] + 1
  end
  for i = 0, count - 1, 2 do map[i] = nil end
  local size = 0
  for key in pairs(map) do
    sum = sum + key
    size = size + 1
  end
  return sum + size
end

local function named(words)
  local map = {}
  for _, word in ipairs(words) do map[word] = #word end
  local sum = 0
  for round = 0, 2 do
    for _, word in ipairs(words) do
      sum = sum + map[word]
      map[word] = round
    end
  end
  for _, word in ipairs(words) do
    if map[word] then sum = sum + 1 end
    map[word] = nil
  end
  for _ in pairs(map) do sum = sum + 1 end
  return sum
end

local function counted(words, rounds)
  local counts = {}
  for round = 0, rounds - 1 do
    for i = 0, 499 do
      local word = words[i * (round + 1) % 1000 + 1]
      counts[word] = (counts[word] or 0) + 1
    end
  end
  local size = 0
  for _ in pairs(counts) do size = size + 1 end
  return counts["cow0"] * 1000 + size
end

local function main()
  local words = {}
  for i = 0, 39999 do words[#words + 1] = "cow" .. tostring(i) end
  for round = 0, 2 do
    print(numbered(200000 + round))
    print(named(words))
    print(named(words))
    print(counted(words, 800))
  end
end

main()
