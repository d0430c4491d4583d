# Pancakes flipped for every permutation: reading and writing the items of short lists.

def fannkuch(size)
  order = (0...size).to_a
  rotated = Array.new(size, 0)
  most = 0
  checksum = 0
  even = true
  while true
    if order[0] != 0
      stack = order.dup
      flips = 0
      first = stack[0]
      while first != 0
        low = 0
        high = first
        while low < high
          kept = stack[low]
          stack[low] = stack[high]
          stack[high] = kept
          low += 1
          high -= 1
        end
        flips += 1
        first = stack[0]
      end
      most = flips if flips > most
      checksum += even ? flips : -flips
    end
    # The next permutation: prefixes are rotated, a longer one once a shorter one has come round.
    even = !even
    stop = 1
    while true
      if stop == size
        puts checksum
        puts most
        return
      end
      front = order[0]
      i = 0
      while i < stop
        order[i] = order[i + 1]
        i += 1
      end
      order[stop] = front
      rotated[stop] += 1
      break if rotated[stop] <= stop
      rotated[stop] = 0
      stop += 1
    end
  end
end

fannkuch(9)
