-- Pancakes flipped for every permutation: reading and writing the items of short lists.

local function fannkuch(size)
  local order = {}
  local rotated = {}
  for i = 1, size do
    order[i] = i
    rotated[i] = 0
  end
  local most = 0
  local checksum = 0
  local even = true
  while true do
    if order[1] ~= 1 then
      local stack = {}
      for i = 1, size do stack[i] = order[i] end
      local flips = 0
      local first = stack[1]
      while first ~= 1 do
        local low = 1
        local high = first
        while low < high do
          local kept = stack[low]
          stack[low] = stack[high]
          stack[high] = kept
          low = low + 1
          high = high - 1
        end
        flips = flips + 1
        first = stack[1]
      end
      if flips > most then most = flips end
      checksum = checksum + (even and flips or -flips)
    end
    -- The next permutation: prefixes are rotated, a longer one once a shorter one has come round.
    even = not even
    local stop = 1
    while true do
      if stop == size then
        print(checksum)
        print(most)
        return
      end
      local front = order[1]
      for i = 1, stop do order[i] = order[i + 1] end
      order[stop + 1] = front
      rotated[stop + 1] = rotated[stop + 1] + 1
      if rotated[stop + 1] <= stop then break end
      rotated[stop + 1] = 0
      stop = stop + 1
    end
  end
end

fannkuch(9)
