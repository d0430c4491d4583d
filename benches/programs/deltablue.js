// Constraints between variables, solved step by step after the DeltaBlue algorithm (Freeman-Benson and Maloney, 1989).

// Strengths: a smaller number is stronger.
const REQUIRED = 0;
const PREFERRED = 2;
const STRONG = 3;
const WEAKEST = 6;

class Variable {
  constructor(value) {
    this.value = value;
    this.constraints = [];
    this.determinedBy = null;
    this.mark = 0;
    this.walk = WEAKEST;
    this.stays = true;
  }
}

class Constraint {
  constructor(strength) { this.strength = strength; }

  // Makes the constraint hold if it can; gives the weaker one that it took the place of.
  satisfy(planner, mark) {
    this.choose(mark);
    if (!this.isSatisfied()) return null;
    this.markInputs(mark);
    const out = this.output();
    const overridden = out.determinedBy;
    if (overridden !== null) overridden.forget();
    out.determinedBy = this;
    planner.propagate(this, mark);
    out.mark = mark;
    return overridden;
  }

  add(planner) {
    this.attach();
    planner.add(this);
  }

  destroy(planner) {
    if (this.isSatisfied()) planner.remove(this);
    else this.detach();
  }
}

class Unary extends Constraint {
  constructor(variable, strength) {
    super(strength);
    this.variable = variable;
    this.satisfied = false;
  }
  attach() { this.variable.constraints.push(this); }
  detach() {
    this.variable.constraints.splice(this.variable.constraints.indexOf(this), 1);
    this.satisfied = false;
  }
  choose(mark) {
    this.satisfied = this.variable.mark !== mark && this.strength < this.variable.walk;
  }
  isSatisfied() { return this.satisfied; }
  forget() { this.satisfied = false; }
  output() { return this.variable; }
  markInputs(mark) {}
  inputsKnown(mark) { return true; }
  recalculate() {
    this.variable.walk = this.strength;
    this.variable.stays = !this.isInput();
  }
  execute() {}
}

class Stay extends Unary {
  isInput() { return false; }
}

class Edit extends Unary {
  isInput() { return true; }
}

class Binary extends Constraint {
  constructor(a, b, strength) {
    super(strength);
    this.a = a;
    this.b = b;
    this.direction = 0;
  }
  attach() {
    this.a.constraints.push(this);
    this.b.constraints.push(this);
  }
  detach() {
    this.a.constraints.splice(this.a.constraints.indexOf(this), 1);
    this.b.constraints.splice(this.b.constraints.indexOf(this), 1);
    this.direction = 0;
  }
  choose(mark) {
    const a = this.a;
    const b = this.b;
    if (a.mark === mark) this.direction = b.mark !== mark && this.strength < b.walk ? 1 : 0;
    else if (b.mark === mark) this.direction = this.strength < a.walk ? -1 : 0;
    else if (a.walk > b.walk) this.direction = this.strength < a.walk ? -1 : 0;
    else this.direction = this.strength < b.walk ? 1 : 0;
  }
  isSatisfied() { return this.direction !== 0; }
  forget() { this.direction = 0; }
  input() { return this.direction === 1 ? this.a : this.b; }
  output() { return this.direction === 1 ? this.b : this.a; }
  markInputs(mark) { this.input().mark = mark; }
  inputsKnown(mark) {
    const from = this.input();
    return from.mark === mark || from.stays || from.determinedBy === null;
  }
  recalculate() {
    const from = this.input();
    const to = this.output();
    to.walk = this.strength > from.walk ? this.strength : from.walk;
    to.stays = from.stays;
    if (to.stays) this.execute();
  }
}

class Equal extends Binary {
  execute() { this.output().value = this.input().value; }
}

class Linear extends Binary {
  constructor(a, b, strength, factor, offset) {
    super(a, b, strength);
    this.factor = factor;
    this.offset = offset;
  }
  execute() {
    if (this.direction === 1) this.b.value = this.a.value * this.factor + this.offset;
    else this.a.value = (this.b.value - this.offset) / this.factor;
  }
}

class Planner {
  constructor() { this.mark = 0; }

  newMark() {
    this.mark += 1;
    return this.mark;
  }

  add(constraint) {
    const mark = this.newMark();
    let overridden = constraint.satisfy(this, mark);
    while (overridden !== null) overridden = overridden.satisfy(this, mark);
  }

  remove(constraint) {
    const out = constraint.output();
    constraint.forget();
    constraint.detach();
    const unsatisfied = this.retract(out);
    for (let strength = REQUIRED; strength < WEAKEST; strength += 1) {
      for (const other of unsatisfied) if (other.strength === strength) this.add(other);
    }
  }

  retract(out) {
    out.determinedBy = null;
    out.walk = WEAKEST;
    out.stays = true;
    const unsatisfied = [];
    const todo = [out];
    while (todo.length > 0) {
      const variable = todo.pop();
      const determining = variable.determinedBy;
      for (const constraint of variable.constraints) {
        if (!constraint.isSatisfied()) {
          unsatisfied.push(constraint);
        } else if (constraint !== determining) {
          constraint.recalculate();
          todo.push(constraint.output());
        }
      }
    }
    return unsatisfied;
  }

  consumers(variable, into) {
    const determining = variable.determinedBy;
    for (const constraint of variable.constraints) {
      if (constraint !== determining && constraint.isSatisfied()) into.push(constraint);
    }
  }

  propagate(constraint, mark) {
    const todo = [constraint];
    while (todo.length > 0) {
      const next = todo.pop();
      next.recalculate();
      this.consumers(next.output(), todo);
    }
  }

  plan(sources) {
    const mark = this.newMark();
    const steps = [];
    const todo = sources;
    while (todo.length > 0) {
      const constraint = todo.pop();
      const out = constraint.output();
      if (out.mark !== mark && constraint.inputsKnown(mark)) {
        steps.push(constraint);
        out.mark = mark;
        this.consumers(out, todo);
      }
    }
    return steps;
  }
}

function change(planner, variable, value) {
  const edit = new Edit(variable, PREFERRED);
  edit.add(planner);
  const plan = planner.plan([edit]);
  for (let i = 0; i < 10; i += 1) {
    variable.value = value + i;
    for (const step of plan) step.execute();
  }
  edit.destroy(planner);
}

function chain(length) {
  const planner = new Planner();
  const variables = [];
  for (let i = 0; i <= length; i += 1) variables.push(new Variable(0));
  for (let i = 0; i < length; i += 1) new Equal(variables[i], variables[i + 1], REQUIRED).add(planner);
  new Stay(variables[length], STRONG).add(planner);
  let sum = 0;
  for (let value = 0; value < 40; value += 1) {
    change(planner, variables[0], value);
    sum += variables[length].value;
  }
  return sum;
}

function projection(length) {
  const planner = new Planner();
  let from = null;
  let to = null;
  const ends = [];
  for (let i = 0; i < length; i += 1) {
    from = new Variable(i);
    to = new Variable(i);
    ends.push(to);
    new Stay(from, STRONG).add(planner);
    new Linear(from, to, REQUIRED, 10, 1000).add(planner);
  }
  change(planner, from, 17);
  let sum = to.value;
  change(planner, to, 1050);
  sum += from.value;
  for (const end of ends) sum += end.value;
  return sum;
}

for (let round = 0; round < 5; round += 1) {
  console.log(chain(500 + round));
  console.log(projection(2000 + round));
}
