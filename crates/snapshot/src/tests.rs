//! Small heaps made by hand, and random ones against slow definitions.

use super::*;

/// A snapshot of objects of 10 bytes and more; `edges` are pairs, `roots` objects.
fn graph(count: u32, edges: &[(u32, u32)], roots: &[u32]) -> Snapshot {
    let mut builder = Builder::new(Origin { strategy: "test".to_string(), page_size: 4096 });
    let kind = [builder.kind("even"), builder.kind("odd")];
    let region = builder.region("objects");
    for id in 0..count {
        let state = State::ALL[id as usize % 4];
        let bytes = u64::from(10 + id);
        builder.add(Node {
            kind: kind[id as usize % 2],
            state,
            region,
            offset: u64::from(id) * 64,
            bytes,
        });
    }
    for id in 0..count {
        for (position, &(_, to)) in edges.iter().filter(|(from, _)| *from == id).enumerate() {
            let label = if position % 2 == 0 {
                Label::Item(position as u32)
            } else {
                builder.name(&format!(".a\"{position}"))
            };
            builder.refer(to, label);
        }
        builder.end_object();
    }
    for &root in roots {
        builder.root(format!("global 'g{root}'"), Rank::Named, root);
    }
    builder.finish()
}

/// Small and repeatable (Knuth's MMIX constants).
struct Random(u64);
impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(bound)) as u32
    }
}

fn random_graph(random: &mut Random) -> Snapshot {
    let count = 1 + random.below(24);
    let edges: Vec<_> =
        (0..random.below(3 * count)).map(|_| (random.below(count), random.below(count))).collect();
    let roots: Vec<_> = (0..1 + random.below(3)).map(|_| random.below(count)).collect();
    graph(count, &edges, &roots)
}

/// What the roots reach without passing through `without`.
fn reached(snapshot: &Snapshot, without: Option<Id>) -> Vec<bool> {
    let mut found = vec![false; snapshot.count()];
    let mut stack: Vec<Id> = snapshot.roots().iter().map(|root| root.to).collect();
    while let Some(id) = stack.pop() {
        if Some(id) != without && !std::mem::replace(&mut found[id as usize], true) {
            stack.extend(snapshot.edges(id).iter().map(|edge| edge.to));
        }
    }
    found
}

#[test]
fn an_object_retains_what_cannot_be_reached_without_it() {
    let mut random = Random(7);
    for _ in 0..400 {
        let snapshot = random_graph(&mut random);
        let dominators = Dominators::of(&snapshot);
        let with = reached(&snapshot, None);
        for id in 0..snapshot.count() as Id {
            let without = reached(&snapshot, Some(id));
            let lost: Vec<Id> = (0..snapshot.count() as Id)
                .filter(|&other| with[other as usize] && !without[other as usize])
                .collect();
            let bytes: u64 = lost.iter().map(|&id| snapshot.node(id).bytes).sum();
            assert_eq!(dominators.retained(id), bytes, "{id} of {snapshot:?}");
            assert_eq!(dominators.objects(id), lost.len() as u64);
        }
        let held: u64 = snapshot.holders(&dominators).iter().map(|group| group.objects).sum();
        assert_eq!(held, snapshot.count() as u64);
    }
}

#[test]
fn a_path_leads_from_its_root_to_the_object() {
    let mut random = Random(11);
    for _ in 0..200 {
        let snapshot = random_graph(&mut random);
        let paths = Paths::of(&snapshot);
        let with = reached(&snapshot, None);
        for id in 0..snapshot.count() as Id {
            let Some(path) = paths.to(id) else {
                assert!(!with[id as usize]);
                continue;
            };
            let mut at = path.root.to;
            for edge in &path.edges {
                assert!(snapshot.edges(at).contains(edge));
                at = edge.to;
            }
            assert_eq!(at, id);
        }
    }
}

#[test]
fn a_global_is_named_before_a_shorter_way_from_a_call() {
    let mut builder = Builder::new(Origin::default());
    let (kind, region) = (builder.kind("list"), builder.region("objects"));
    for id in 0..3 {
        builder.add(Node { kind, state: State::Ordinary, region, offset: id, bytes: 1 });
    }
    for to in [1, 2] {
        builder.refer(to, Label::Item(7));
        builder.end_object();
    }
    builder.root("local of f()".to_string(), Rank::Local, 2);
    builder.root("global 'g'".to_string(), Rank::Named, 0);
    let snapshot = builder.finish();
    let paths = Paths::of(&snapshot);
    assert_eq!(paths.line(2).as_deref(), Some("global 'g'[7][7]"));
    assert_eq!(paths.words(1).unwrap(), ["global 'g': list", "[7]: list"]);
}

#[test]
fn a_long_chain_needs_no_stack() {
    let count = 300_000;
    let edges: Vec<_> = (0..count - 1).flat_map(|id| [(id, id + 1), (id + 1, id)]).collect();
    let mut builder = Builder::new(Origin::default());
    let (kind, region) = (builder.kind("link"), builder.region("objects"));
    for id in 0..count {
        builder.add(Node { kind, state: State::Ordinary, region, offset: u64::from(id), bytes: 1 });
    }
    let mut at = 0;
    let mut sorted = edges;
    sorted.sort_unstable();
    for id in 0..count {
        while at < sorted.len() && sorted[at].0 == id {
            builder.refer(sorted[at].1, Label::Item(0));
            at += 1;
        }
        builder.end_object();
    }
    builder.root("global 'first'".to_string(), Rank::Named, 0);
    let snapshot = builder.finish();
    let dominators = Dominators::of(&snapshot);
    assert_eq!(dominators.retained(0), u64::from(count));
    assert_eq!(dominators.retained(count - 1), 1);
    assert_eq!(dominators.dominator(count - 1), Some(count - 2));
    assert_eq!(Paths::of(&snapshot).to(count - 1).unwrap().edges.len(), count as usize - 1);
    assert!(Paths::of(&snapshot).line(count - 1).unwrap().contains(" steps "));
}

#[test]
fn a_file_gives_back_what_was_written() {
    let mut random = Random(3);
    for _ in 0..50 {
        let snapshot = random_graph(&mut random);
        let mut bytes = Vec::new();
        write(&snapshot, &mut bytes).unwrap();
        let again = read(&mut bytes.as_slice()).unwrap();
        assert_eq!(again.nodes().len(), snapshot.nodes().len());
        let mut twice = Vec::new();
        write(&again, &mut twice).unwrap();
        assert_eq!(String::from_utf8(bytes), String::from_utf8(twice));
    }
}

#[test]
fn what_is_no_snapshot_is_an_error_with_its_line() {
    let text = |text: &str| read(&mut text.as_bytes()).unwrap_err().to_string();
    assert!(text("").contains("no snapshot"));
    assert!(text("{\"format\":\"else\"}").contains("no snapshot"));
    assert!(text("{\"format\":\"calf-heap\",\"version\":9}").contains("version 9"));
    let header = "{\"format\":\"calf-heap\",\"version\":1,\"objects\":2}\n";
    assert!(text(header).contains("was it cut off?"));
    assert!(text(&format!("{header}nonsense")).contains("line 2 is no JSON"));
    let node = "{\"id\":0,\"type\":\"t\",\"bytes\":1,\"region\":\"r\",\"offset\":0,\"refs\":[[\"[0]\",5]]}";
    assert!(text(&format!("{header}{node}")).contains("line 2 refers to no object"));
    assert!(text(&format!("{header}{}", node.replace(":0,\"t", ":1,\"t"))).contains("number"));
    assert!(read(&mut [0xff_u8, 0xfe].as_slice()).unwrap_err().to_string().contains("no snapshot"));
}

#[test]
fn changes_are_by_name_and_the_largest_growth_is_first() {
    let group = |name: &str, objects, bytes| Group { name: name.to_string(), objects, bytes };
    let before = [group("a", 1, 10), group("b", 2, 20), group("c", 3, 30)];
    let after = [group("b", 5, 90), group("c", 3, 30), group("d", 1, 5)];
    let found = changes(&before, &after);
    let rows: Vec<_> = found
        .iter()
        .map(|change| (change.name.as_str(), change.objects(), change.bytes()))
        .collect();
    assert_eq!(rows, [("b", 3, 70), ("d", 1, 5), ("a", -1, -10)]);
}

#[test]
fn a_histogram_counts_every_object_once() {
    let snapshot = graph(5, &[], &[0]);
    let rows: Vec<_> =
        snapshot.histogram().into_iter().map(|g| (g.name, g.objects, g.bytes)).collect();
    assert_eq!(rows, [("even".to_string(), 3, 36), ("odd".to_string(), 2, 24)]);
    let held = snapshot.holders(&Dominators::of(&snapshot));
    assert_eq!(held[0].name, "no root");
}

#[test]
fn a_drawing_keeps_its_limits_and_quotes() {
    let snapshot = graph(12, &(1..12).map(|id| (0, id)).collect::<Vec<_>>(), &[0]);
    let drawn = draw(&snapshot, &[0], Direction::Referents, Limits { depth: 1, breadth: 3 });
    assert!(drawn.contains("… 8 more") && drawn.contains("\".a\\\"1\"") && !drawn.contains("n4"));
    let back = draw(&snapshot, &[5], Direction::Referrers, Limits::default());
    assert!(back.contains("n0 -> n5") && back.contains("global 'g0'") && !back.contains("n7"));
    let none = draw(&snapshot, &[0], Direction::Referents, Limits { depth: 0, breadth: 3 });
    assert!(none.contains("… 11 more") && !none.contains("n1 "));
}
