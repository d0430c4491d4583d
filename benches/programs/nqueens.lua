-- Queens on a board, all solutions: recursion and lists of booleans.

local function place(row, size, columns, rising, falling)
  if row == size then return 1 end
  local count = 0
  for column = 1, size do
    local up = row + column
    local down = row - column + size + 1
    if columns[column] and rising[up] and falling[down] then
      columns[column] = false
      rising[up] = false
      falling[down] = false
      count = count + place(row + 1, size, columns, rising, falling)
      columns[column] = true
      rising[up] = true
      falling[down] = true
    end
  end
  return count
end

local function free(count)
  local list = {}
  for i = 1, count do list[i] = true end
  return list
end

for size = 4, 12 do
  print(place(0, size, free(size), free(2 * size), free(2 * size)))
end
