# Constraints between variables, solved step by step after the DeltaBlue algorithm (Freeman-Benson and Maloney, 1989).

# Strengths: a smaller number is stronger.
REQUIRED = 0
PREFERRED = 2
STRONG = 3
WEAKEST = 6


class Variable:
    def __init__(self, value):
        self.value = value
        self.constraints = []
        self.determined_by = None
        self.mark = 0
        self.walk = WEAKEST
        self.stays = True


class Constraint:
    def __init__(self, strength):
        self.strength = strength

    def satisfy(self, planner, mark):
        """Makes the constraint hold if it can; gives the weaker one that it took the place of."""
        self.choose(mark)
        if not self.is_satisfied():
            return None
        self.mark_inputs(mark)
        out = self.output()
        overridden = out.determined_by
        if overridden is not None:
            overridden.forget()
        out.determined_by = self
        planner.propagate(self, mark)
        out.mark = mark
        return overridden

    def add(self, planner):
        self.attach()
        planner.add(self)

    def destroy(self, planner):
        if self.is_satisfied():
            planner.remove(self)
        else:
            self.detach()


class Unary(Constraint):
    def __init__(self, variable, strength):
        super().__init__(strength)
        self.variable = variable
        self.satisfied = False

    def attach(self):
        self.variable.constraints.append(self)

    def detach(self):
        self.variable.constraints.remove(self)
        self.satisfied = False

    def choose(self, mark):
        self.satisfied = self.variable.mark != mark and self.strength < self.variable.walk

    def is_satisfied(self):
        return self.satisfied

    def forget(self):
        self.satisfied = False

    def output(self):
        return self.variable

    def mark_inputs(self, mark):
        pass

    def inputs_known(self, mark):
        return True

    def recalculate(self):
        self.variable.walk = self.strength
        self.variable.stays = not self.is_input()

    def execute(self):
        pass


class Stay(Unary):
    def is_input(self):
        return False


class Edit(Unary):
    def is_input(self):
        return True


class Binary(Constraint):
    def __init__(self, a, b, strength):
        super().__init__(strength)
        self.a = a
        self.b = b
        self.direction = 0

    def attach(self):
        self.a.constraints.append(self)
        self.b.constraints.append(self)

    def detach(self):
        self.a.constraints.remove(self)
        self.b.constraints.remove(self)
        self.direction = 0

    def choose(self, mark):
        a = self.a
        b = self.b
        if a.mark == mark:
            self.direction = 1 if b.mark != mark and self.strength < b.walk else 0
        elif b.mark == mark:
            self.direction = -1 if self.strength < a.walk else 0
        elif a.walk > b.walk:
            self.direction = -1 if self.strength < a.walk else 0
        else:
            self.direction = 1 if self.strength < b.walk else 0

    def is_satisfied(self):
        return self.direction != 0

    def forget(self):
        self.direction = 0

    def input(self):
        return self.a if self.direction == 1 else self.b

    def output(self):
        return self.b if self.direction == 1 else self.a

    def mark_inputs(self, mark):
        self.input().mark = mark

    def inputs_known(self, mark):
        source = self.input()
        return source.mark == mark or source.stays or source.determined_by is None

    def recalculate(self):
        source = self.input()
        to = self.output()
        to.walk = self.strength if self.strength > source.walk else source.walk
        to.stays = source.stays
        if to.stays:
            self.execute()


class Equal(Binary):
    def execute(self):
        self.output().value = self.input().value


class Linear(Binary):
    def __init__(self, a, b, strength, factor, offset):
        super().__init__(a, b, strength)
        self.factor = factor
        self.offset = offset

    def execute(self):
        if self.direction == 1:
            self.b.value = self.a.value * self.factor + self.offset
        else:
            self.a.value = (self.b.value - self.offset) / self.factor


class Planner:
    def __init__(self):
        self.mark = 0

    def new_mark(self):
        self.mark += 1
        return self.mark

    def add(self, constraint):
        mark = self.new_mark()
        overridden = constraint.satisfy(self, mark)
        while overridden is not None:
            overridden = overridden.satisfy(self, mark)

    def remove(self, constraint):
        out = constraint.output()
        constraint.forget()
        constraint.detach()
        unsatisfied = self.retract(out)
        for strength in range(REQUIRED, WEAKEST):
            for other in unsatisfied:
                if other.strength == strength:
                    self.add(other)

    def retract(self, out):
        out.determined_by = None
        out.walk = WEAKEST
        out.stays = True
        unsatisfied = []
        todo = [out]
        while len(todo) > 0:
            variable = todo.pop()
            determining = variable.determined_by
            for constraint in variable.constraints:
                if not constraint.is_satisfied():
                    unsatisfied.append(constraint)
                elif constraint is not determining:
                    constraint.recalculate()
                    todo.append(constraint.output())
        return unsatisfied

    def consumers(self, variable, into):
        determining = variable.determined_by
        for constraint in variable.constraints:
            if constraint is not determining and constraint.is_satisfied():
                into.append(constraint)

    def propagate(self, constraint, mark):
        todo = [constraint]
        while len(todo) > 0:
            following = todo.pop()
            following.recalculate()
            self.consumers(following.output(), todo)

    def plan(self, sources):
        mark = self.new_mark()
        steps = []
        todo = sources
        while len(todo) > 0:
            constraint = todo.pop()
            out = constraint.output()
            if out.mark != mark and constraint.inputs_known(mark):
                steps.append(constraint)
                out.mark = mark
                self.consumers(out, todo)
        return steps


def change(planner, variable, value):
    edit = Edit(variable, PREFERRED)
    edit.add(planner)
    plan = planner.plan([edit])
    for i in range(10):
        variable.value = value + i
        for step in plan:
            step.execute()
    edit.destroy(planner)


def chain(length):
    planner = Planner()
    variables = [Variable(0) for _ in range(length + 1)]
    for i in range(length):
        Equal(variables[i], variables[i + 1], REQUIRED).add(planner)
    Stay(variables[length], STRONG).add(planner)
    total = 0
    for value in range(40):
        change(planner, variables[0], value)
        total += variables[length].value
    return total


def projection(length):
    planner = Planner()
    source = to = None
    ends = []
    for i in range(length):
        source = Variable(i)
        to = Variable(i)
        ends.append(to)
        Stay(source, STRONG).add(planner)
        Linear(source, to, REQUIRED, 10, 1000).add(planner)
    change(planner, source, 17)
    total = to.value
    change(planner, to, 1050)
    total += source.value
    for variable in ends:
        total += variable.value
    return total


for round in range(5):
    print(chain(500 + round))
    print("%.14g" % projection(2000 + round))
