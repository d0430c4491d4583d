//! A mutator that does anything at random, beside a shadow of the graph that it ought to have made: under every strategy, plain,
//! under stress, and with the model recording as in a forked child.
//!
//! Each test is named by its seed. To run another one: `CALF_SEED=123 cargo test -p calf-gc --test random_mutator`.

use std::collections::{HashMap, HashSet};

use calf_gc::{Collector, Format, Job, Object, Options, Request, Row, VARIANTS, Value};
use calf_gc_kit::{Mutator, Random};
use libtest_mimic::{Arguments, Failed, Trial};

/// How a run goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Plain,
    /// A full collection at every allocation, verified before and after.
    Stress,
    /// The model records from the start, and strategies allocate as they do in a child.
    Child,
}

const MODES: [(Mode, &str); 3] =
    [(Mode::Plain, "plain"), (Mode::Stress, "stress"), (Mode::Child, "child")];
const SEEDS: u64 = if cfg!(miri) { 1 } else { 6 };

/// What a word ought to hold: an object, by its name, or something else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Word {
    Name(usize),
    Other(Value),
}

/// What an object ought to be. Its name is the machine's shape number in its header.
struct Shadow {
    format: Format,
    words: Vec<Word>,
    /// A weak reference to it may have been cleared although it was resurrected.
    was_dead: bool,
}

struct Run<C: Collector> {
    m: Mutator<C>,
    shadows: Vec<Shadow>,
    /// The names of the roots, where they hold an object.
    roots: Vec<Option<usize>>,
    random: Random,
    row: &'static Row,
    /// Something is immortal, so that it may live although nothing reaches it.
    has_immortals: bool,
}

const MOST_ROOTS: usize = 40;

impl<C: Collector> Run<C> {
    fn new(row: &'static Row, mode: Mode, seed: u64) -> Self {
        let stress = mode == Mode::Stress;
        let mut m = Mutator::with(&Options { stress, verify: stress, ..Options::default() });
        if mode == Mode::Child {
            m.heap.before_fork(&mut m.roots);
            m.heap.after_fork_in_child(&[], &mut |_, _| true);
        }
        Run {
            m,
            shadows: Vec::new(),
            roots: Vec::new(),
            random: Random(seed),
            row,
            has_immortals: false,
        }
    }

    /// A new object as a new root, with nothing in it.
    fn allocate(&mut self, format: Format, units: usize) -> usize {
        let name = self.shadows.len();
        let root = self.m.allocate(format, name as u32, units);
        let first = if format == Format::Bytes { Value::raw(0) } else { Value::NIL };
        self.shadows.push(Shadow {
            format,
            words: vec![Word::Other(first); units],
            was_dead: false,
        });
        self.roots.push(Some(name));
        assert_eq!(root + 1, self.roots.len(), "both stacks have one more root");
        root
    }

    /// At least one and at most `usual`, but once in `times` as many as `unusual`.
    fn size(&mut self, usual: usize, unusual: usize, times: usize) -> usize {
        let bound = if self.random.once_in(times) { unusual } else { usual };
        1 + self.random.below(bound)
    }

    /// A root whose object has this format.
    fn pick(&mut self, format: Format) -> Option<(usize, usize)> {
        let start = self.random.below(self.roots.len().max(1));
        (0..self.roots.len()).map(|step| (start + step) % self.roots.len()).find_map(|root| {
            self.roots[root]
                .filter(|&name| self.shadows[name].format == format)
                .map(|name| (root, name))
        })
    }

    /// Any root that may be stored: a part may not.
    fn pick_target(&mut self) -> Option<(usize, usize)> {
        let format =
            [Format::Slots, Format::Slots, Format::Bytes, Format::Weak][self.random.below(4)];
        self.pick(format)
    }

    fn drop_root(&mut self, root: usize) {
        let value = self.m.roots.0.swap_remove(root);
        self.m.heap.release(value);
        self.roots.swap_remove(root);
    }

    fn step(&mut self) -> Result<(), String> {
        while self.roots.len() > MOST_ROOTS {
            let root = self.random.below(self.roots.len());
            self.drop_root(root);
        }
        match self.random.below(100) {
            0..18 => {
                let units = self.size(8, 250, 20);
                let root = self.allocate(Format::Slots, units);
                if self.random.once_in(12) {
                    self.m.heap.expect_finalizer(self.m.object(root));
                }
            }
            18..24 => {
                let units = self.size(12, 3000, 10);
                let root = self.allocate(Format::Bytes, units);
                let (name, index) = (self.shadows.len() - 1, self.random.below(units));
                let word = Value::raw(self.random.next() >> 16);
                // SAFETY: the index is below the units.
                unsafe { self.m.heap.write_raw(self.m.object(root), index, word) };
                self.shadows[name].words[index] = Word::Other(word);
            }
            24..30 => self.attach_part(),
            30..48 => self.link(),
            48..60 => self.link_item(),
            60..66 => self.clear(),
            66..76 => self.load(),
            76..80 => {
                if let Some((root, name)) = self.pick_target() {
                    self.m.duplicate(root);
                    self.roots.push(Some(name));
                }
            }
            80..88 => {
                if !self.roots.is_empty() {
                    let root = self.random.below(self.roots.len());
                    self.drop_root(root);
                }
            }
            88..92 => {
                if let Some((root, name)) = self.pick_target() {
                    self.m.weak(root);
                    self.shadows.push(Shadow {
                        format: Format::Weak,
                        words: vec![Word::Name(name)],
                        was_dead: false,
                    });
                    let weak = self.m.roots.0.len() - 1;
                    let object = self.m.object(weak);
                    let shape =
                        calf_gc::ShapeWord::new(Format::Weak, self.shadows.len() as u32 - 1);
                    self.m.heap.set_shape(object, shape);
                    self.roots.push(Some(self.shadows.len() - 1));
                }
            }
            92..96 => {
                let request = match self.random.below(6) {
                    0 => Request::Full,
                    1 => Request::Automatic,
                    generation => Request::Generation((generation as u8 - 2).min(2)),
                };
                self.m.collect(request);
            }
            96..98 => self.run_finalizers(),
            98 => {
                // A strategy that cannot says so, and nothing happens.
                let (answer, expected) = if self.random.once_in(2) {
                    self.has_immortals |= C::IMMORTALIZES;
                    (self.m.heap.freeze(&mut self.m.roots), self.row.freezes)
                } else {
                    (self.m.heap.unfreeze(), self.row.freezes && !C::IMMORTALIZES)
                };
                if answer.is_ok() != expected {
                    return Err("the table is wrong about freezing".to_string());
                }
            }
            99 if C::IMMORTALIZES => {
                if let Some((root, _)) = self.pick(Format::Slots) {
                    self.has_immortals = true;
                    let count = self.m.heap.immortalize(self.m.object(root));
                    if !matches!(count, Ok(Some(_))) {
                        return Err("the table is wrong about immortality".to_string());
                    }
                }
            }
            _ => self.m.heap.before_fork(&mut self.m.roots),
        }
        Ok(())
    }

    /// A container gets a part, in the place of the one it had, whose items move.
    fn attach_part(&mut self) {
        let Some((_, owner_name)) = self.pick(Format::Slots) else { return };
        let units = self.size(10, 2500, 8);
        let root = self.allocate(Format::Part, units);
        let part_name = self.shadows.len() - 1;
        // The allocation may have moved the owner, so it is looked for again.
        let owner = self
            .roots
            .iter()
            .position(|&name| name == Some(owner_name))
            .expect("it is still a root");
        let before = self.m.slot(owner, 0).as_object();
        let Some(before) =
            before.filter(|before| before.format() == Format::Part && before.units() <= units)
        else {
            self.roots.pop();
            self.m.move_into(owner, 0, root);
            self.shadows[owner_name].words[0] = Word::Name(part_name);
            return;
        };
        let part = self.m.object(root);
        for index in 0..before.units() {
            // SAFETY: both have that many slots; the counts move with the items.
            unsafe {
                let item = before.slot(index);
                self.m.heap.take_from_slot(item);
                self.m.heap.initialize(part, index, item);
            }
        }
        let old_name = before.shape() as usize;
        let old_words = self.shadows[old_name].words.clone();
        self.shadows[part_name].words[..old_words.len()].copy_from_slice(&old_words);
        // SAFETY: slot 0 holds a part whose items moved to the new one, which the slot takes over from the root.
        unsafe { self.m.heap.replace_part(self.m.object(owner), 0, part) };
        self.m.roots.0.pop();
        self.roots.pop();
        self.shadows[owner_name].words[0] = Word::Name(part_name);
    }

    fn link(&mut self) {
        let (Some((source, source_name)), Some((target, target_name))) =
            (self.pick(Format::Slots), self.pick_target())
        else {
            return;
        };
        let index = self.random.below(self.shadows[source_name].words.len());
        self.m.link(source, index, target);
        self.shadows[source_name].words[index] = Word::Name(target_name);
    }

    fn link_item(&mut self) {
        let (Some((owner, owner_name)), Some((target, target_name))) =
            (self.pick(Format::Slots), self.pick_target())
        else {
            return;
        };
        let Word::Name(part) = self.shadows[owner_name].words[0] else { return };
        if self.shadows[part].format == Format::Part {
            let item = self.random.below(self.shadows[part].words.len());
            self.m.link_item(owner, 0, item, target);
            self.shadows[part].words[item] = Word::Name(target_name);
        }
    }

    fn clear(&mut self) {
        let Some((root, name)) = self.pick(Format::Slots) else { return };
        let index = self.random.below(self.shadows[name].words.len());
        let value = Value::number(self.random.below(1000) as f64);
        self.m.set(root, index, value);
        self.shadows[name].words[index] = Word::Other(value);
    }

    fn load(&mut self) {
        let Some((root, name)) = self.pick(Format::Slots) else { return };
        let index = self.random.below(self.shadows[name].words.len());
        if let Word::Name(target) = self.shadows[name].words[index]
            && self.shadows[target].format != Format::Part
        {
            self.m.load(root, index);
            self.roots.push(Some(target));
        }
    }

    /// Runs what is queued: some finalizers do nothing, some put their object back into the program.
    fn run_finalizers(&mut self) {
        while let Some(object) = self.m.heap.next_finalizer() {
            let name = object.shape() as usize;
            for name in self.reachable([name]) {
                self.shadows[name].was_dead = true;
            }
            self.m.roots.0.push(Value::object(object));
            self.roots.push(Some(name));
            if self.random.once_in(2) {
                self.drop_root(self.roots.len() - 1);
            }
        }
    }

    /// What these names refer to, themselves included, weak references aside.
    fn reachable(&self, from: impl IntoIterator<Item = usize>) -> HashSet<usize> {
        let mut gray: Vec<usize> = from.into_iter().collect();
        let mut reached = HashSet::new();
        while let Some(name) = gray.pop() {
            if reached.insert(name) && self.shadows[name].format != Format::Weak {
                gray.extend(self.shadows[name].words.iter().filter_map(|word| match word {
                    Word::Name(name) => Some(*name),
                    Word::Other(_) => None,
                }));
            }
        }
        reached
    }

    /// Is the heap that the roots reach what the shadow says?
    fn compare(&self) -> Result<(), String> {
        let mut place: HashMap<usize, Object> = HashMap::new();
        let mut gray = Vec::new();
        for (root, &name) in self.roots.iter().enumerate() {
            let word = name.map_or(Word::Other(Value::NIL), Word::Name);
            reach(self.m.roots.0[root], word, &mut place, &mut gray)
                .map_err(|text| format!("root {root} {text}"))?;
        }
        let mut done = Vec::new();
        while let Some((object, name)) = gray.pop() {
            done.push((object, name));
            let shadow = &self.shadows[name];
            if (object.format(), object.units()) != (shadow.format, shadow.words.len()) {
                return Err(format!(
                    "object {name} is no longer {:?} of {}",
                    shadow.format,
                    shadow.words.len()
                ));
            }
            if shadow.format == Format::Weak {
                continue;
            }
            for (index, &word) in shadow.words.iter().enumerate() {
                // SAFETY: the units were just compared.
                let value = unsafe { object.slot(index) };
                reach(value, word, &mut place, &mut gray)
                    .map_err(|text| format!("word {index} of object {name} {text}"))?;
            }
        }
        // Weak references: to what lives, or cleared.
        for (object, name) in done.into_iter().filter(|(object, _)| object.format() == Format::Weak)
        {
            let Word::Name(target) = self.shadows[name].words[0] else { continue };
            // SAFETY: a weak reference has slot 0.
            let value = unsafe { object.slot(0) };
            match (value.as_object(), place.get(&target)) {
                (None, Some(_)) if !self.shadows[target].was_dead => {
                    return Err(format!("weak {name} was cleared, but object {target} lives"));
                }
                (Some(found), Some(expected)) if found != *expected => {
                    return Err(format!(
                        "weak {name} refers to object {}, not {target}",
                        found.shape()
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn check(&mut self) -> Result<(), String> {
        self.run_finalizers();
        self.m.verify()?;
        self.compare()
    }

    /// At the end everything that the shadow does not reach must be gone, if the strategy finds cycles.
    fn settle(&mut self) -> Result<(), String> {
        if self.row.freezes && !C::IMMORTALIZES {
            self.m.heap.unfreeze().map_err(|_| "unfreeze failed".to_string())?;
        }
        for _ in 0..3 {
            self.m.collect(Request::Full);
            self.run_finalizers();
        }
        self.m.collect(Request::Full);
        self.check()?;
        let (live, expected) =
            (self.m.live(), self.reachable(self.roots.iter().flatten().copied()).len());
        let leaks = !C::CYCLES || self.has_immortals;
        if live < expected || live > expected && !leaks {
            return Err(format!("{live} objects live, but {expected} are reachable"));
        }
        Ok(())
    }
}

/// `value` must be what `word` says; an object is noted, and is gray if it is new.
fn reach(
    value: Value,
    word: Word,
    place: &mut HashMap<usize, Object>,
    gray: &mut Vec<(Object, usize)>,
) -> Result<(), String> {
    match (value.as_object(), word) {
        (None, Word::Other(other)) if other == value => Ok(()),
        (Some(object), Word::Name(name)) if object.shape() as usize == name => {
            match place.insert(name, object) {
                None => gray.push((object, name)),
                Some(before) if before == object => {}
                Some(_) => return Err(format!("refers to object {name}, which is in two places")),
            }
            Ok(())
        }
        (Some(object), word) => Err(format!("holds object {}, not {word:?}", object.shape())),
        (None, word) => Err(format!("holds {value:?}, not {word:?}")),
    }
}

struct Play {
    mode: Mode,
    seed: u64,
}

impl Job for Play {
    type Output = Result<(), String>;
    fn run<C: Collector>(self, row: &'static Row) -> Self::Output {
        let mut run = Run::<C>::new(row, self.mode, self.seed);
        let steps = match self.mode {
            _ if cfg!(miri) => 250,
            Mode::Plain | Mode::Child => 6000,
            Mode::Stress => 900,
        };
        for step in 1..=steps {
            let done = run.step().and_then(|()| if step % 100 == 0 { run.check() } else { Ok(()) });
            done.map_err(|text| format!("seed {}, step {step}: {text}", self.seed))?;
        }
        run.settle().map_err(|text| format!("seed {}, at the end: {text}", self.seed))?;
        run.m.roots.0.clear();
        Ok(())
    }
}

fn main() {
    let chosen = std::env::var("CALF_SEED").ok().and_then(|text| text.parse().ok());
    let seeds: Vec<u64> = chosen.map_or_else(|| (1..=SEEDS).collect(), |seed| vec![seed]);
    let mut trials = Vec::new();
    for variant in VARIANTS {
        for (mode, mode_name) in MODES {
            for &seed in &seeds {
                let name = format!("{}::{mode_name}::seed_{seed}", variant.name());
                let play = move || variant.run(Play { mode, seed }).map_err(Failed::from);
                trials.push(Trial::test(name, play));
            }
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
