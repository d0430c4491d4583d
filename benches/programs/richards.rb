# A scheduler of tasks that pass packets to one another, after the idea of Richards: queues, states and methods of several classes.

class Packet
  attr_reader :id, :data
  attr_accessor :next, :hops

  def initialize(id)
    @id = id
    @next = nil
    @hops = 0
    @data = [id, id + 1, id + 2, id + 3]
  end
end

class Queued
  def initialize
    @head = nil
    @tail = nil
  end

  def empty?
    @head.nil?
  end

  def put(packet)
    packet.next = nil
    if @head.nil?
      @head = packet
    else
      @tail.next = packet
    end
    @tail = packet
  end

  def take
    packet = @head
    @head = packet.next
    packet.next = nil
    packet
  end
end

class Task
  attr_reader :next, :runs

  def initialize(scheduler, following)
    @scheduler = scheduler
    @next = following
    @queue = Queued.new
    @runs = 0
  end

  def ready?
    !@queue.empty?
  end

  def step
    @runs += 1
    work
  end

  def receive(packet)
    packet.hops += 1
    @queue.put(packet)
  end
end

class Source < Task
  def initialize(scheduler, following, window)
    super(scheduler, following)
    @window = window
    @flying = 0
    @made = 0
  end

  def ready?
    super || @flying < @window && @made < @scheduler.packets
  end

  def work
    if !@queue.empty?
      @queue.take
      @flying -= 1
    else
      @flying += 1
      @made += 1
      @scheduler.worker.receive(Packet.new(@made))
    end
  end
end

class Worker < Task
  def initialize(scheduler, following, first, second)
    super(scheduler, following)
    @first = first
    @second = second
  end

  def work
    packet = @queue.take
    data = packet.data
    sum = 0
    i = 0
    while i < 4
      data[i] = (data[i] * 3 + i) % 1000
      sum += data[i]
      i += 1
    end
    if sum % 2 == 0
      @first.receive(packet)
    else
      @second.receive(packet)
    end
  end
end

class Device < Task
  def initialize(scheduler, following, delay)
    super(scheduler, following)
    @delay = delay
    @left = delay
  end

  def work
    @left -= 1
    return if @left > 0
    @left = @delay
    @scheduler.handler.receive(@queue.take)
  end
end

class Handler < Task
  attr_reader :sum

  def initialize(scheduler, following)
    super(scheduler, following)
    @sum = 0
  end

  def work
    packet = @queue.take
    @sum = (@sum + packet.data[packet.id % 4] + packet.hops) % 100000
    if packet.id % 5 == 0 && packet.hops < 6
      @scheduler.worker.receive(packet)
    else
      @scheduler.source.receive(packet)
    end
  end
end

class Scheduler
  attr_reader :packets, :idle, :handler, :worker, :source

  def initialize(packets)
    @packets = packets
    @idle = 0
    @handler = Handler.new(self, nil)
    slow = Device.new(self, @handler, 3)
    fast = Device.new(self, slow, 1)
    @worker = Worker.new(self, fast, fast, slow)
    @source = Source.new(self, @worker, 8)
  end

  def run
    steps = 0
    busy = true
    while busy
      busy = false
      task = @source
      until task.nil?
        if task.ready?
          task.step
          steps += 1
          busy = true
        else
          @idle += 1
        end
        task = task.next
      end
    end
    steps
  end
end

scheduler = Scheduler.new(120000)
puts scheduler.run
puts scheduler.idle
puts scheduler.handler.sum
puts scheduler.worker.runs
