-- Records that stay: an instance, a list and a string each. Then full collections that find nothing to give back.

local Record = {}
Record.__index = Record

function Record.new(id)
  local name = "n" .. tostring(id)
  return setmetatable({ id = id, name = name, tags = { id, id + 1, name } }, Record)
end

-- The resident set in bytes, where the system tells.
local function resident()
  local file = io.open("/proc/self/statm")
  if not file then return 0 end
  local pages = file:read("*l"):match("%d+ (%d+)")
  file:close()
  return tonumber(pages) * 4096
end

records = {}

local function main(count)
  -- The outer list has its room before the records are weighed.
  for i = 1, count do records[i] = false end
  local before = resident()
  for i = 0, count - 1 do records[i + 1] = Record.new(i) end
  print("# record " .. (resident() - before) / count .. " bytes")
  for _ = 1, 3 do
    local start = os.clock()
    collectgarbage()
    print("# collection " .. (os.clock() - start) * 1000 .. " ms")
  end
  local sum = 0
  for _, record in ipairs(records) do sum = sum + record.tags[2] end
  print(string.format("%.0f", sum))
end

main(math.floor(tonumber(arg[1])))
