//! What `calf gc explain` says of the bytes that objects take, as the running heap weighs them.

mod support;

use support::{Calf, OK, strategies};

/// What an object takes where nothing stands in front of its header, and whether it is a container, which a strategy may put
/// something in front of: a header and its words, parts included, in cells that are multiples of eight bytes.
const SAMPLES: [(&str, f64, bool); 6] = [
    ("an empty list", 24.0, true),
    ("a list of three", 56.0, true),
    ("an instance with two fields", 32.0, true),
    ("a map with one entry", 64.0, true),
    ("a short string (n12345)", 24.0, false),
    ("a closure over one variable", 24.0, true),
];

/// Strategies with bytes in front of a container: how many, and how many they keep beside it.
const IN_FRONT: [(&str, f64, f64); 3] =
    [("inline", 24.0, 0.0), ("frozen", 24.0, 0.0), ("indirect", 8.0, 32.0)];

/// Strategies with nothing in front of an object, and the most that they keep beside each byte of it: the bits of their maps, the
/// counts of their tables.
const BESIDE: [(&str, f64); 5] = [
    ("none", 0.0),
    ("mark-inline", 0.0),
    ("mark-bitmap", 1.0 / 16.0),
    ("scratch", 1.0 / 16.0),
    ("side-counts", 1.0 / 6.0),
];

/// No strategy may cost more than this in front of an object or beside it.
const MOST: f64 = 48.0;

/// The two figures behind `title` in what `explain` prints.
fn figures(text: &str, title: &str) -> (f64, f64) {
    let line = text
        .lines()
        .find_map(|line| line.trim_start().strip_prefix(title))
        .unwrap_or_else(|| panic!("'{title}' is not in\n{text}"));
    let mut numbers =
        line.split_whitespace().map(|word| word.parse().expect("a figure is a number"));
    let object = numbers.next().expect("bytes of the object");
    (object, numbers.next().expect("bytes beside it"))
}

#[test]
fn objects_weigh_what_the_layout_says() {
    for name in strategies() {
        let explained = Calf::new().args(["gc", "explain", &name]).run();
        explained.expect_code(OK);
        for (title, bare, container) in SAMPLES {
            let (object, beside) = figures(&explained.stdout, title);
            let what = format!("{name}: {title} takes {object} and {beside} beside it");
            if let Some((_, front, elsewhere)) = IN_FRONT.iter().find(|row| row.0 == name) {
                let (front, elsewhere) = if container { (*front, *elsewhere) } else { (0.0, 0.0) };
                assert_eq!(object, bare + front, "{what}");
                // Tables grow by pages, so that a little of the next sample's may be in this one's.
                assert!((beside - elsewhere).abs() <= 0.3, "{what}");
            } else if let Some((_, most)) = BESIDE.iter().find(|row| row.0 == name) {
                assert_eq!(object, bare, "{what}");
                assert!((0.0..=bare * most + 0.3).contains(&beside), "{what}");
            } else {
                assert!((bare..=bare + MOST).contains(&object), "{what}");
                assert!((0.0..=MOST).contains(&beside), "{what}");
            }
        }
    }
}

#[test]
fn a_footprint_includes_the_parts_and_not_what_is_referred_to() {
    let code = "var list = []; var bare = heap.footprint(list); list.push(\"a long text, a long text\"); \
                print heap.footprint(list) > bare and heap.footprint(list) < bare + 64; \
                print heap.footprint([list]) < heap.footprint([1, 2, 3, 4]) + 8; print heap.footprint(1);";
    for name in strategies() {
        Calf::new().gc(&name).args(["-e", code]).run().expect_stdout("true\ntrue\n0\n");
    }
}
