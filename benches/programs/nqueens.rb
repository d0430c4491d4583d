# Queens on a board, all solutions: recursion and lists of booleans.

def place(row, size, columns, rising, falling)
  return 1 if row == size
  count = 0
  column = 0
  while column < size
    up = row + column
    down = row - column + size - 1
    if columns[column] && rising[up] && falling[down]
      columns[column] = false
      rising[up] = false
      falling[down] = false
      count += place(row + 1, size, columns, rising, falling)
      columns[column] = true
      rising[up] = true
      falling[down] = true
    end
    column += 1
  end
  count
end

def free(count)
  Array.new(count, true)
end

(4..12).each do |size|
  puts place(0, size, free(size), free(2 * size), free(2 * size))
end
