//! What `mem` says of first writes, in a run under `--blame`: a list of maps, and the same along time.

use super::{Arguments, Owner, Row, natives};
use crate::blame::advice::Advice;
use crate::blame::report::{Key, Row as BlameRow, Segment, cause_name};
use crate::error::{ErrorKind, Thrown};
use crate::trace::TraceLine;
use crate::vm::Vm;
use calf_gc::{Collector, Value};

pub(crate) fn rows<C: Collector>() -> Vec<Row<C>> {
    natives!(Owner::Module("mem");
        "blame" 0..=0 => blame,
        "timeline" 0..=0 => timeline,
        "advice" 0..=0 => advice,
    )
}

impl<C: Collector> Vm<C> {
    fn must_blame(&mut self) -> Result<(), Thrown> {
        let message = if !self.blames() {
            "First writes are not watched; run the program with calf --blame.".to_string()
        } else if !self.is_forked() {
            "First writes are watched in a child, after os.fork().".to_string()
        } else if let Some(refusal) = self.blame_refusal() {
            format!("First writes are not watched: {refusal}.")
        } else {
            return Ok(());
        };
        Err(self.throw(ErrorKind::ValueError, message))
    }

    fn put_text(&mut self, map: crate::vm::Handle, name: &str, text: &str) -> Result<(), Thrown> {
        let text = self.new_string(text)?;
        self.put_entry(map, name, text)
    }

    fn line_map(&mut self, line: &TraceLine) -> Result<Value, Thrown> {
        let map = self.map_of_numbers([("line", line.line as f64)])?;
        let map = self.hold(map);
        self.put_text(map, "file", &line.file)?;
        match &line.function {
            Some(function) => self.put_text(map, "function", function)?,
            None => self.put_entry(map, "function", Value::NIL)?,
        }
        Ok(self.release_to(map))
    }

    fn blame_map(&mut self, row: &BlameRow) -> Result<Value, Thrown> {
        let Key { cause, phase, region, kind, site, stack } = &row.key;
        let map = self.map_of_numbers([("pages", row.pages as f64)])?;
        let map = self.hold(map);
        for (name, text) in
            [("cause", *cause), ("phase", *phase), ("region", *region), ("kind", &**kind)]
        {
            self.put_text(map, name, text)?;
        }
        let site = match site {
            Some(site) => self.line_map(site)?,
            None => Value::NIL,
        };
        self.put_entry(map, "site", site)?;
        let list = self.new_list(stack.len())?;
        let list = self.hold(list);
        for line in stack.iter() {
            let line = self.line_map(line)?;
            self.push_item(self.handle(list), line)?;
        }
        let list = self.release_to(list);
        self.put_entry(map, "stack", list)?;
        Ok(self.release_to(map))
    }

    fn segment_map(&mut self, segment: &Segment) -> Result<Value, Thrown> {
        let pages: usize = segment.causes.iter().sum();
        let map = self.map_of_numbers([
            ("from", segment.from as f64 / 1e9),
            ("to", segment.to as f64 / 1e9),
            ("pages", pages as f64),
        ])?;
        let map = self.hold(map);
        self.put_text(map, "phase", segment.phase)?;
        let causes = { segment.causes.iter().enumerate() }
            .filter(|(_, pages)| **pages > 0)
            .map(|(cause, pages)| (cause_name(cause), *pages as f64));
        let causes = self.map_of_numbers(causes)?;
        self.put_entry(map, "causes", causes)?;
        Ok(self.release_to(map))
    }

    fn advice_map(&mut self, advice: &Advice) -> Result<Value, Thrown> {
        let bytes = advice.pages * calf_meter::page_size();
        let map = self.map_of_numbers([("pages", advice.pages as f64), ("bytes", bytes as f64)])?;
        let map = self.hold(map);
        self.put_text(map, "text", &advice.text)?;
        let place = match &advice.place {
            Some(place) => self.line_map(place)?,
            None => Value::NIL,
        };
        self.put_entry(map, "place", place)?;
        Ok(self.release_to(map))
    }

    /// A list of what `make` gives for each of `items`.
    fn list_of_maps<T>(
        &mut self,
        items: &[T],
        make: fn(&mut Vm<C>, &T) -> Result<Value, Thrown>,
    ) -> Result<Value, Thrown> {
        let list = self.new_list(items.len())?;
        let list = self.hold(list);
        for item in items {
            let item = make(self, item)?;
            self.push_item(self.handle(list), item)?;
        }
        Ok(self.release_to(list))
    }
}

fn blame<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    vm.must_blame()?;
    let (rows, _) = vm.blame_rows();
    vm.list_of_maps(&rows, Vm::blame_map)
}

fn timeline<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    vm.must_blame()?;
    let segments = vm.blame_segments();
    vm.list_of_maps(&segments, Vm::segment_map)
}

fn advice<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    vm.must_blame()?;
    let (rows, _) = vm.blame_rows();
    let advice = vm.advice_of(&rows, false);
    vm.list_of_maps(&advice, Vm::advice_map)
}
