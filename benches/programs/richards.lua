-- A scheduler of tasks that pass packets to one another, after the idea of Richards: queues, states and methods of several classes.

local function class(parent)
  local made = setmetatable({}, { __index = parent })
  made.__index = made
  return made
end

local Packet = class()

function Packet.new(id)
  return setmetatable({ id = id, next = nil, hops = 0, data = { id, id + 1, id + 2, id + 3 } }, Packet)
end

local Queue = class()

function Queue.new() return setmetatable({}, Queue) end
function Queue:is_empty() return self.head == nil end

function Queue:put(packet)
  packet.next = nil
  if self.head == nil then self.head = packet else self.tail.next = packet end
  self.tail = packet
end

function Queue:take()
  local packet = self.head
  self.head = packet.next
  packet.next = nil
  return packet
end

local Task = class()

function Task.init(kind, scheduler, next)
  return setmetatable({ scheduler = scheduler, next = next, queue = Queue.new(), runs = 0 }, kind)
end

function Task:is_ready() return not self.queue:is_empty() end

function Task:step()
  self.runs = self.runs + 1
  self:work()
end

function Task:receive(packet)
  packet.hops = packet.hops + 1
  self.queue:put(packet)
end

local Source = class(Task)

function Source.new(scheduler, next, window)
  local self = Task.init(Source, scheduler, next)
  self.window = window
  self.flying = 0
  self.made = 0
  return self
end

function Source:is_ready()
  return Task.is_ready(self) or self.flying < self.window and self.made < self.scheduler.packets
end

function Source:work()
  if Task.is_ready(self) then
    self.queue:take()
    self.flying = self.flying - 1
  else
    self.flying = self.flying + 1
    self.made = self.made + 1
    self.scheduler.worker:receive(Packet.new(self.made))
  end
end

local Worker = class(Task)

function Worker.new(scheduler, next, first, second)
  local self = Task.init(Worker, scheduler, next)
  self.first = first
  self.second = second
  return self
end

function Worker:work()
  local packet = self.queue:take()
  local data = packet.data
  local sum = 0
  for i = 1, 4 do
    data[i] = (data[i] * 3 + i - 1) % 1000
    sum = sum + data[i]
  end
  if sum % 2 == 0 then self.first:receive(packet) else self.second:receive(packet) end
end

local Device = class(Task)

function Device.new(scheduler, next, delay)
  local self = Task.init(Device, scheduler, next)
  self.delay = delay
  self.left = delay
  return self
end

function Device:work()
  self.left = self.left - 1
  if self.left > 0 then return end
  self.left = self.delay
  self.scheduler.handler:receive(self.queue:take())
end

local Handler = class(Task)

function Handler.new(scheduler, next)
  local self = Task.init(Handler, scheduler, next)
  self.sum = 0
  return self
end

function Handler:work()
  local packet = self.queue:take()
  self.sum = (self.sum + packet.data[packet.id % 4 + 1] + packet.hops) % 100000
  if packet.id % 5 == 0 and packet.hops < 6 then
    self.scheduler.worker:receive(packet)
  else
    self.scheduler.source:receive(packet)
  end
end

local Scheduler = class()

function Scheduler.new(packets)
  local self = setmetatable({ packets = packets, idle = 0 }, Scheduler)
  self.handler = Handler.new(self, nil)
  local slow = Device.new(self, self.handler, 3)
  local fast = Device.new(self, slow, 1)
  self.worker = Worker.new(self, fast, fast, slow)
  self.source = Source.new(self, self.worker, 8)
  return self
end

function Scheduler:run()
  local steps = 0
  local busy = true
  while busy do
    busy = false
    local task = self.source
    while task do
      if task:is_ready() then
        task:step()
        steps = steps + 1
        busy = true
      else
        self.idle = self.idle + 1
      end
      task = task.next
    end
  end
  return steps
end

local scheduler = Scheduler.new(120000)
print(scheduler:run())
print(scheduler.idle)
print(scheduler.handler.sum)
print(scheduler.worker.runs)
