# A scheduler of tasks that pass packets to one another, after the idea of Richards: queues, states and methods of several classes.


class Packet:
    def __init__(self, id):
        self.id = id
        self.next = None
        self.hops = 0
        self.data = [id, id + 1, id + 2, id + 3]


class Queue:
    def __init__(self):
        self.head = None
        self.tail = None

    def is_empty(self):
        return self.head is None

    def put(self, packet):
        packet.next = None
        if self.head is None:
            self.head = packet
        else:
            self.tail.next = packet
        self.tail = packet

    def take(self):
        packet = self.head
        self.head = packet.next
        packet.next = None
        return packet


class Task:
    def __init__(self, scheduler, next):
        self.scheduler = scheduler
        self.next = next
        self.queue = Queue()
        self.runs = 0

    def is_ready(self):
        return not self.queue.is_empty()

    def step(self):
        self.runs += 1
        self.work()

    def receive(self, packet):
        packet.hops += 1
        self.queue.put(packet)


class Source(Task):
    def __init__(self, scheduler, next, window):
        super().__init__(scheduler, next)
        self.window = window
        self.flying = 0
        self.made = 0

    def is_ready(self):
        return super().is_ready() or self.flying < self.window and self.made < self.scheduler.packets

    def work(self):
        if super().is_ready():
            self.queue.take()
            self.flying -= 1
        else:
            self.flying += 1
            self.made += 1
            self.scheduler.worker.receive(Packet(self.made))


class Worker(Task):
    def __init__(self, scheduler, next, first, second):
        super().__init__(scheduler, next)
        self.first = first
        self.second = second

    def work(self):
        packet = self.queue.take()
        data = packet.data
        total = 0
        for i in range(4):
            data[i] = (data[i] * 3 + i) % 1000
            total += data[i]
        if total % 2 == 0:
            self.first.receive(packet)
        else:
            self.second.receive(packet)


class Device(Task):
    def __init__(self, scheduler, next, delay):
        super().__init__(scheduler, next)
        self.delay = delay
        self.left = delay

    def work(self):
        self.left -= 1
        if self.left > 0:
            return
        self.left = self.delay
        self.scheduler.handler.receive(self.queue.take())


class Handler(Task):
    def __init__(self, scheduler, next):
        super().__init__(scheduler, next)
        self.sum = 0

    def work(self):
        packet = self.queue.take()
        self.sum = (self.sum + packet.data[packet.id % 4] + packet.hops) % 100000
        if packet.id % 5 == 0 and packet.hops < 6:
            self.scheduler.worker.receive(packet)
        else:
            self.scheduler.source.receive(packet)


class Scheduler:
    def __init__(self, packets):
        self.packets = packets
        self.idle = 0
        self.handler = Handler(self, None)
        slow = Device(self, self.handler, 3)
        fast = Device(self, slow, 1)
        self.worker = Worker(self, fast, fast, slow)
        self.source = Source(self, self.worker, 8)

    def run(self):
        steps = 0
        busy = True
        while busy:
            busy = False
            task = self.source
            while task is not None:
                if task.is_ready():
                    task.step()
                    steps += 1
                    busy = True
                else:
                    self.idle += 1
                task = task.next
        return steps


scheduler = Scheduler(120000)
print(scheduler.run())
print(scheduler.idle)
print(scheduler.handler.sum)
print(scheduler.worker.runs)
