// A scheduler of tasks that pass packets to one another, after the idea of Richards: queues, states and methods of several classes.

class Packet {
  constructor(id) {
    this.id = id;
    this.next = null;
    this.hops = 0;
    this.data = [id, id + 1, id + 2, id + 3];
  }
}

class Queue {
  constructor() {
    this.head = null;
    this.tail = null;
  }
  isEmpty() { return this.head === null; }
  put(packet) {
    packet.next = null;
    if (this.head === null) this.head = packet;
    else this.tail.next = packet;
    this.tail = packet;
  }
  take() {
    const packet = this.head;
    this.head = packet.next;
    packet.next = null;
    return packet;
  }
}

class Task {
  constructor(scheduler, next) {
    this.scheduler = scheduler;
    this.next = next;
    this.queue = new Queue();
    this.runs = 0;
  }
  isReady() { return !this.queue.isEmpty(); }
  step() {
    this.runs += 1;
    this.work();
  }
  receive(packet) {
    packet.hops += 1;
    this.queue.put(packet);
  }
}

class Source extends Task {
  constructor(scheduler, next, window) {
    super(scheduler, next);
    this.window = window;
    this.flying = 0;
    this.made = 0;
  }
  isReady() { return super.isReady() || this.flying < this.window && this.made < this.scheduler.packets; }
  work() {
    if (super.isReady()) {
      this.queue.take();
      this.flying -= 1;
    } else {
      this.flying += 1;
      this.made += 1;
      this.scheduler.worker.receive(new Packet(this.made));
    }
  }
}

class Worker extends Task {
  constructor(scheduler, next, first, second) {
    super(scheduler, next);
    this.first = first;
    this.second = second;
  }
  work() {
    const packet = this.queue.take();
    const data = packet.data;
    let sum = 0;
    for (let i = 0; i < 4; i++) {
      data[i] = (data[i] * 3 + i) % 1000;
      sum += data[i];
    }
    if (sum % 2 === 0) this.first.receive(packet);
    else this.second.receive(packet);
  }
}

class Device extends Task {
  constructor(scheduler, next, delay) {
    super(scheduler, next);
    this.delay = delay;
    this.left = delay;
  }
  work() {
    this.left -= 1;
    if (this.left > 0) return;
    this.left = this.delay;
    this.scheduler.handler.receive(this.queue.take());
  }
}

class Handler extends Task {
  constructor(scheduler, next) {
    super(scheduler, next);
    this.sum = 0;
  }
  work() {
    const packet = this.queue.take();
    this.sum = (this.sum + packet.data[packet.id % 4] + packet.hops) % 100000;
    if (packet.id % 5 === 0 && packet.hops < 6) this.scheduler.worker.receive(packet);
    else this.scheduler.source.receive(packet);
  }
}

class Scheduler {
  constructor(packets) {
    this.packets = packets;
    this.idle = 0;
    this.handler = new Handler(this, null);
    const slow = new Device(this, this.handler, 3);
    const fast = new Device(this, slow, 1);
    this.worker = new Worker(this, fast, fast, slow);
    this.source = new Source(this, this.worker, 8);
  }
  run() {
    let steps = 0;
    let busy = true;
    while (busy) {
      busy = false;
      for (let task = this.source; task !== null; task = task.next) {
        if (task.isReady()) {
          task.step();
          steps += 1;
          busy = true;
        } else {
          this.idle += 1;
        }
      }
    }
    return steps;
  }
}

const scheduler = new Scheduler(120000);
console.log(scheduler.run());
console.log(scheduler.idle);
console.log(scheduler.handler.sum);
console.log(scheduler.worker.runs);
