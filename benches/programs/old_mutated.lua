-- Old objects that are given new parts, here and there: stores from an old generation into a young one.

local Record = {}
Record.__index = Record

function Record.new(id)
  local name = "n" .. tostring(id)
  return setmetatable({ id = id, name = name, tags = { id, id + 1, name } }, Record)
end

records = {}

local function main(stay, stores)
  for i = 0, stay - 1 do records[#records + 1] = Record.new(i) end
  local place = 1
  for i = 0, stores - 1 do
    place = (place * 1103 + 12345) % stay
    records[place + 1].tags = { i, place, records[place + 1] }
  end
  local sum = 0
  for _, record in ipairs(records) do sum = sum + record.tags[2] % 7 + record.id % 5 end
  print(sum)
end

main(200000, 800000)
