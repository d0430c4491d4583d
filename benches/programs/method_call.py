# Methods that change an object's state, inherited, overridden and called through `super`.


class Light:
    def __init__(self, on):
        self.on = on

    def is_on(self):
        return self.on

    def press(self):
        self.on = not self.on
        return self


class LazyLight(Light):
    def __init__(self, on, patience):
        super().__init__(on)
        self.patience = patience
        self.pressed = 0

    def press(self):
        self.pressed = self.pressed + 1
        if self.pressed >= self.patience:
            super().press()
            self.pressed = 0
        return self


def count(light, presses):
    lit = 0
    for _ in range(presses):
        if light.press().is_on():
            lit = lit + 1
        if light.press().is_on():
            lit = lit + 1
        if light.press().is_on():
            lit = lit + 1
        if light.press().is_on():
            lit = lit + 1
        if light.press().is_on():
            lit = lit + 1
    return lit


print(count(Light(True), 390000))
print(count(LazyLight(True, 3), 390000))
