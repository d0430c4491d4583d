-- Objects that stay, half a million, while many more come and go beside them.

local Link = {}
Link.__index = Link

function Link.new(value, next)
  return setmetatable({ value = value, next = next }, Link)
end

local function main(stay, pass)
  local kept
  for i = 0, stay - 1 do kept = Link.new(i, kept) end
  local sum = 0
  for i = 0, pass - 1 do
    local short = Link.new(i, Link.new(1, nil))
    sum = sum + short.next.value
    if sum == 1000 then sum = 0 end
  end
  local count = 0
  local link = kept
  while link do
    count = count + 1
    link = link.next
  end
  print(sum)
  print(count)
end

main(500000, 600500)
