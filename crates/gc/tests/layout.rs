//! The sizes that the documents speak of, as a test: what an object costs under each strategy.

use calf_gc::object::{FLAG_FINALIZER, FLAG_STRATEGY, FLAG_WEAKLY_HELD, LARGE};
use calf_gc::parts::cells::{BLOCK, SIZES, class_of};
use calf_gc::{Collector, Format, Job, Object, Row, ShapeWord, VARIANTS, Value};
use calf_gc_kit::Mutator;

/// What is measured of a strategy.
#[derive(Debug)]
struct Layout {
    name: String,
    /// Bytes in front of the header of a container.
    head: usize,
    /// Bytes of a cell: a container of three slots, a string of three words, a part of three slots, a weak reference.
    cells: [usize; 4],
    /// Bytes of bookkeeping beside the heap for each object of sixteen mebibytes of containers of three slots, in hundredths.
    side_hundredths: usize,
}

struct Measure(String);
impl Job for Measure {
    type Output = Layout;
    fn run<C: Collector>(self, _row: &'static Row) -> Layout {
        let mut m = Mutator::<C>::new();
        let cells = [(Format::Slots, 3), (Format::Bytes, 3), (Format::Part, 3), (Format::Weak, 1)]
            .map(|(format, units)| {
                let root = m.allocate(format, 1, units);
                m.heap.footprint(m.object(root))
            });
        m.truncate(0);
        // What each object adds to the strategy's own regions, those of a collection under way and of the space left out.
        let own = |m: &Mutator<C>| {
            let mut used = 0;
            m.heap.each_region(&mut |region| {
                if [
                    "headers",
                    "marks",
                    "ages",
                    "remembered",
                    "generations",
                    "young",
                    "counts",
                    "colours",
                    "heat",
                ]
                .contains(&region.name())
                {
                    used += region.used();
                }
            });
            used
        };
        let (before, count) = (own(&m), (16 << 20) / cells[0]);
        for number in 0..count {
            m.named(number, 3);
        }
        Layout {
            name: self.0,
            head: C::HEAD,
            cells,
            side_hundredths: ((own(&m) - before) * 100 + count / 2) / count,
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "regions are small")]
fn what_an_object_costs() {
    let layouts: Vec<Layout> = VARIANTS.iter().map(|of| of.run(Measure(of.name()))).collect();
    let expected = [
        ("none", 0, [32, 32, 32, 16], 0),
        ("inline", 24, [56, 32, 32, 16], 0),
        ("inline:head=16", 16, [48, 32, 32, 16], 0),
        ("indirect", 8, [40, 32, 32, 16], 3200),
        ("frozen", 24, [56, 32, 32, 16], 0),
        ("scratch", 0, [32, 32, 32, 16], 100),
        ("side-counts", 0, [32, 32, 32, 16], 300),
        ("immortal", 24, [56, 32, 32, 16], 0),
        ("trial", 0, [32, 32, 32, 16], 50),
        ("trial:colour=inline", 0, [32, 32, 32, 16], 0),
        ("side-counts:defer=stack", 0, [32, 32, 32, 16], 300),
        ("mark-bitmap:age=inline", 0, [32, 32, 32, 16], 100),
        ("mark-inline", 0, [32, 32, 32, 16], 0),
        ("mark-bitmap", 0, [32, 32, 32, 16], 100),
        ("sealed", 0, [32, 32, 32, 16], 25),
        ("zygote", 0, [32, 32, 32, 16], 75),
        ("adversary", 0, [32, 32, 32, 16], 0),
    ];
    assert_eq!(expected.len(), layouts.len(), "{layouts:?}");
    for (name, head, cells, side_hundredths) in expected {
        let layout = layouts.iter().find(|layout| layout.name == name).expect("a row of that name");
        // A block of the first four objects may have been used again.
        let tolerated = side_hundredths / 100;
        assert!(layout.side_hundredths.abs_diff(side_hundredths) <= tolerated, "{layout:?}");
        assert_eq!((layout.head, layout.cells), (head, cells), "{name}");
    }
}

#[test]
fn a_header_is_one_word_and_a_value_another() {
    assert_eq!([size_of::<Object>(), size_of::<Value>(), size_of::<ShapeWord>()], [8, 8, 4]);
    assert_eq!([FLAG_FINALIZER, FLAG_WEAKLY_HELD, FLAG_STRATEGY], [1, 2, 4]);
    let mut m = Mutator::<calf_gc::collectors::none::None>::new();
    for (format, units) in [(Format::Slots, 254), (Format::Part, 255), (Format::Bytes, 100_000)] {
        let root = m.allocate(format, 0x3F_FFFF, units);
        let object = m.object(root);
        // SAFETY: the header word of a live object.
        let header = unsafe { *object.pointer() };
        assert_eq!(header >> 56, units.min(LARGE as usize) as u64);
        assert_eq!((header >> 54 & 3, header >> 32 & 0x3F_FFFF), (format as u64, 0x3F_FFFF));
        assert_eq!((object.units(), object.format(), object.shape()), (units, format, 0x3F_FFFF));
        if units >= LARGE as usize {
            // SAFETY: a large object has its count of units in front.
            assert_eq!(unsafe { *object.pointer().sub(1) }, units as u64);
        }
    }
}

#[test]
fn a_cell_is_no_more_than_a_quarter_too_large_and_a_block_wastes_no_more_than_a_quarter() {
    for bytes in 16..=8192 {
        let size = SIZES[class_of(bytes)];
        assert!(
            size >= bytes && (size <= bytes + 8 || size * 3 <= bytes * 4 + 3),
            "{bytes} in {size}"
        );
    }
    for size in SIZES {
        assert!(
            size % 8 == 0 && BLOCK % size <= BLOCK / 4,
            "{size}: {} of a block are left",
            BLOCK % size
        );
    }
}
