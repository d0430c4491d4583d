//! The page that a small results file gives.

use calf_lab::{Outline, Piece, Prediction, Published, Unit};
use calf_report::Results;
use std::fs;
use std::path::{Path, PathBuf};

fn beside(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn results(name: &str) -> Results {
    Results::read(&[beside("fixtures").join(name)]).expect("the fixture is readable")
}

fn outlines() -> Vec<Outline> {
    vec![Outline {
        experiment: "rec".to_string(),
        size: 25_000,
        title: "what each thing that a child may do copies".to_string(),
        question: "Which of the things a child does copy its parent's heap?".to_string(),
        pieces: vec![
            Piece::Heading("in its own words".to_string()),
            Piece::Table {
                heads: vec![("strategy".to_string(), false), ("pages".to_string(), true)],
                rows: vec![vec!["inline".to_string(), "473".to_string()]],
            },
            Piece::Text("Reading writes where references are counted.".to_string()),
            Piece::Line("calf lab run rec".to_string()),
            Piece::Bars {
                title: "part copied".to_string(),
                unit: Unit::Part,
                bars: vec![("inline".to_string(), 0.92), ("frozen".to_string(), 0.008)],
            },
            Piece::Lines {
                title: "measured and by the formula".to_string(),
                x: "part read".to_string(),
                unit: Unit::Part,
                lines: vec![
                    ("inline".to_string(), vec![(0.0, 0.0), (0.5, 0.9), (1.0, 1.0)]),
                    ("formula".to_string(), vec![(0.0, 0.0), (1.0, 1.0)]),
                ],
            },
        ],
        predictions: vec![
            Prediction { text: "inline copies most".to_string(), holds: Some(true) },
            Prediction { text: "frozen copies nothing at all".to_string(), holds: Some(false) },
            Prediction { text: "zygote copies cards".to_string(), holds: None },
        ],
        published: vec![Published {
            figure: "a full collection copies 65 % of the heap in CPython 3.7".to_string(),
            source: "a survey".to_string(),
            here: Some("92 % under inline".to_string()),
            why: "Nothing of Calf's heap is left alone.".to_string(),
        }],
    }]
}

/// Every drawing of the page, with the title of its figure.
fn drawings(page: &str) -> Vec<(String, &str)> {
    let mut drawings = Vec::new();
    for svg in page.split("<svg id=\"").skip(1) {
        let end = svg.find("</svg>").expect("an image ends");
        let title = svg.split("</title>").next().and_then(|start| start.rsplit('>').next());
        drawings.push((title.unwrap_or_default().to_string(), &svg[..end]));
    }
    drawings
}

/// A file's name for a title.
fn slug(title: &str) -> String {
    let words = title.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

/// One drawing of each kind is as it was. `CALF_UPDATE=1 cargo test -p calf-report` rewrites them; then look at them.
#[test]
fn the_drawings_are_as_they_were() {
    let page = calf_report::page("Report", &results("lab.jsonl"), &outlines());
    let drawings = drawings(&page);
    let kept = [
        "Pages copied since the fork, by strategy and cause: rec, size 25",
        "Pages copied since the fork over time, by cause: rec",
        "Page maps: rec",
        "Pages copied by call stack: rec",
        "Differences by call stack: rec",
        "live bytes against requests: leak-year",
        "Memory of each process: workers",
        "Pauses: pauses",
        "Times: rec",
        "part copied",
        "measured and by the formula",
    ];
    for title in kept {
        let (_, svg) = drawings
            .iter()
            .find(|(known, _)| known.starts_with(title))
            .unwrap_or_else(|| panic!("there is no drawing of {title}"));
        // One element to a line, so that a difference can be read.
        let svg = format!("<svg id=\"{}</svg>\n", svg.replace("><", ">\n<"));
        let path = beside("snapshots").join(format!("{}.svg", slug(title)));
        if std::env::var_os("CALF_UPDATE").is_some() {
            fs::create_dir_all(beside("snapshots")).unwrap();
            fs::write(&path, &svg).unwrap();
        }
        let old = fs::read_to_string(&path).unwrap_or_default();
        let first = old.lines().zip(svg.lines()).enumerate().find(|(_, (old, new))| old != new);
        assert!(
            old == svg,
            "{} is different{}; look at it, then CALF_UPDATE=1 cargo test -p calf-report",
            path.display(),
            first.map_or(String::new(), |(line, (old, new))| format!(
                " from line {}:\n{old}\n{new}\n",
                line + 1
            ))
        );
    }
}

/// Everything that the page must have, whatever it looks like.
#[test]
fn every_figure_has_its_table_its_words_and_its_command() {
    let page = calf_report::page("Report", &results("lab.jsonl"), &outlines());
    let figures: Vec<&str> = page
        .split("<figure ")
        .skip(1)
        .map(|rest| rest.split("</figure>").next().unwrap())
        .collect();
    assert!(figures.len() >= 12, "{} figures", figures.len());
    for figure in figures {
        let drawn = if figure.contains("is only in the table.") { "" } else { "role=\"img\"" };
        for part in ["<caption>", "<th scope=\"row\"", drawn, "Repeat it: <code>calf "] {
            assert!(
                figure.contains(part),
                "a figure has no {part}: {}",
                &figure[..figure.len().min(300)]
            );
        }
    }
    for told in [
        "Linux 6.18.5",
        "Linux 6.6.20",
        "Predictions: 1 of 2 hold.",
        "✗ does not hold: ",
        "Nothing of Calf&#39;s heap is left alone.",
        "segmentation fault in a collection",
        "calf lab run rec --size 25000 --repeats 3 --strategies inline,indirect,frozen,mark-inline,mark-bitmap",
        "2 machines",
        "indirect/collect/0, collect: pages copied",
        " refused.",
    ] {
        let plain = told.replace("&#39;", "'");
        assert!(page.contains(told) || page.contains(&plain), "the page does not say {told}");
    }
    for outside in ["http://", "https://", "src=", "@import", "url(\"", "//cdn"] {
        assert!(!page.contains(outside), "the page needs something else: {outside}");
    }
    assert_eq!(
        page,
        calf_report::page("Report", &results("lab.jsonl"), &outlines()),
        "the same results give the same page"
    );
}

/// The numbers of one machine are not mixed with another's where they are times.
#[test]
fn times_of_two_machines_stand_apart() {
    let page = calf_report::page("Report", &results("lab.jsonl"), &[]);
    let titles: Vec<String> = drawings(&page).into_iter().map(|(title, _)| title).collect();
    for kind in ["Pauses: pauses", "Times: rec"] {
        let of_kind = titles.iter().filter(|title| title.starts_with(kind)).count();
        assert_eq!(of_kind, 2, "{kind}: one figure for each machine of {titles:?}");
    }
    let counts = titles
        .iter()
        .filter(|title| title.starts_with("Pages copied since the fork, by strategy"))
        .count();
    assert_eq!(counts, 1, "counts of machines with pages of one size stand together");
}

#[test]
fn what_results_do_not_tell_is_said() {
    let mut few = Results::default();
    few.add(r#"{"kind": "cell", "experiment": "rec", "strategy": "inline", "size": 10, "status": "ok", "children": []}"#);
    let page = calf_report::page("Report", &few, &[]);
    assert!(
        page.contains(
            "These results say nothing of: pages copied over time; page maps; call stacks;"
        )
    );
    assert!(page.contains("Its cells told no number."));
}

#[test]
fn the_later_of_two_runs_of_a_cell_is_shown() {
    let line = |pages: u32| {
        format!(
            "{{\"kind\": \"cell\", \"experiment\": \"rec\", \"key\": \"k\", \"strategy\": \"inline\", \"size\": 10, \"status\": \"ok\", \
             \"children\": [{{\"child\": \"read\", \"net\": {{\"pages\": {pages}, \"shared\": 500}}}}]}}\n"
        )
    };
    let mut twice = Results::default();
    twice.add(&(line(111) + &line(222)));
    let page = calf_report::page("Report", &twice, &[]);
    let cells = page.split("id=\"results\"").next().unwrap();
    assert!(cells.contains("222") && !cells.contains("111"));
}

/// Names in results come from anywhere: none of them becomes an element or a script.
#[test]
fn names_are_escaped_everywhere() {
    let results = results("hostile.jsonl");
    let name = "</script><script>alert(1)</script>\"><img src=x onerror=alert(2)>'&lt;<!--";
    let outline = Outline {
        experiment: name.to_string(),
        size: 10,
        title: name.to_string(),
        question: name.to_string(),
        pieces: vec![
            Piece::Heading(name.to_string()),
            Piece::Text(name.to_string()),
            Piece::Line(name.to_string()),
            Piece::Table {
                heads: vec![(name.to_string(), true)],
                rows: vec![vec![name.to_string()]],
            },
            Piece::Bars {
                title: name.to_string(),
                unit: Unit::Times,
                bars: vec![(name.to_string(), 2.0)],
            },
            Piece::Lines {
                title: name.to_string(),
                x: name.to_string(),
                unit: Unit::Count,
                lines: vec![(name.to_string(), vec![(0.0, 1.0)])],
            },
        ],
        predictions: vec![Prediction { text: name.to_string(), holds: Some(false) }],
        published: vec![Published {
            figure: name.to_string(),
            source: name.to_string(),
            here: Some(name.to_string()),
            why: name.to_string(),
        }],
    };
    let page = calf_report::page(name, &results, &[outline]);
    assert_eq!(page.matches("<script").count(), 2, "the data's and ours");
    assert_eq!(page.matches("</script").count(), 2);
    for bad in ["<img", "<b>1p", "alert(1)</script>", "\"><", "<!--"] {
        let found = page
            .find(bad)
            .map(|at| page[at.saturating_sub(80)..].chars().take(200).collect::<String>());
        if bad == "\"><" {
            // Attributes end so; what must not be is the name's own quotation mark.
            assert!(!page.contains("\"><img"));
        } else {
            assert_eq!(found, None, "{bad}");
        }
    }
    assert!(page.contains("&lt;/script&gt;&lt;script&gt;alert(1)"), "the names are shown");
    assert!(page.contains("3 lines were left out"));
    let data = page
        .split("id=\"results\">")
        .nth(1)
        .and_then(|rest| rest.split("</script>").next())
        .unwrap();
    let data: serde_json::Value = serde_json::from_str(data).expect("the data is JSON");
    assert!(
        data.to_string().contains(name.split('"').next().unwrap()),
        "and still says what it said"
    );
}

/// Nothing that a line may say makes the page fail or grow without bound.
#[test]
fn odd_lines_are_survived() {
    let deep = format!("[{}]", vec!["\"f\""; 5_000].join(","));
    let lines = [
        r#"{"kind": "page_map", "key": "k", "child": "c", "frames": [{"regions": [{"region": "objects", "pages": "99999999999999999999s18446744073709551615c5"}]}, {}]}"#.to_string(),
        r#"{"kind": "page_map", "key": "k", "child": "c", "frames": []}"#.to_string(),
        r#"{"kind": "series", "key": "k", "title": "t", "points": [[0, 1e308], [1e308, -1e308], ["x"], []], "limit": 1e308}"#.to_string(),
        r#"{"kind": "series", "key": "k", "title": "u", "points": []}"#.to_string(),
        r#"{"kind": "time_line", "key": "k", "points": [{"at": 1e308, "causes": {"count": -5, "header": 1e300}}]}"#.to_string(),
        r#"{"kind": "pauses", "key": "k", "pauses": [{"seconds": -1}, {}]}"#.to_string(),
        r#"{"kind": "workers", "key": "k", "workers": [{"rss": -1}, {}]}"#.to_string(),
        format!(r#"{{"kind": "blame", "key": "k", "stacks": [{{"frames": {deep}, "cause": "header", "pages": 1e308}}, {{"pages": 1e308}}, {{"pages": -1}}]}}"#),
        r#"{"kind": "cell", "key": "k", "experiment": "e", "strategy": "s", "size": -1.5, "children": [{"child": "c", "net": {"pages": -7, "causes": {"count": -9, "header": 2}}, "facts": {"a": 1e308, "seconds": 0}}, {}, 3]}"#.to_string(),
        r#"{"kind": "cell", "experiment": 5}"#.to_string(),
    ];
    let mut odd = Results::default();
    odd.add(&lines.join("\n"));
    let page = calf_report::page("Report", &odd, &[]);
    assert!(page.len() < 500_000, "{} bytes", page.len());
    for beyond in ["NaN", "inf"] {
        let found = page.find(beyond).map(|at| &page[at.saturating_sub(100)..at + 20]);
        assert_eq!(found, None, "no number is beyond numbers");
    }
}

#[test]
fn a_folder_and_its_absence() {
    let both = calf_report::files(&[beside("fixtures")]).expect("there are files");
    assert_eq!(both.len(), 2);
    assert!(Results::read(&both).is_ok(), "a folder's files are read together");
    let error = calf_report::files(&[beside("snapshots")]).expect_err("there are no results");
    assert!(error.to_string().contains("name the results file itself"), "{error}");
    let error = Results::read(&[beside("nowhere")]).expect_err("there is nothing");
    assert!(error.to_string().contains("nowhere"), "{error}");
}

#[test]
fn strategies_stand_in_the_order_of_the_lesson_whichever_cell_ended_first() {
    let cell = |number: usize, strategy: &str| {
        format!(
            r#"{{"kind": "cell", "experiment": "rec", "key": "rec/10/{strategy}", "cell": {number}, "strategy": "{strategy}", "size": 10, "status": "ok"}}"#
        )
    };
    let mut results = Results::default();
    results.add(&cell(2, "inline"));
    results.add(&cell(1, "none"));
    let page = calf_report::page("A report", &results, &[]);
    assert!(page.contains("--strategies none,inline"), "{page}");
}

#[test]
fn a_cell_that_could_not_be_watched_is_named() {
    let mut results = Results::default();
    results.add(
        r#"{"kind": "cell", "experiment": "rec", "key": "k", "strategy": "inline", "size": 10, "status": "ok",
            "recording": {"command": "calf --watched", "status": "exit 70"}}"#
            .replace('\n', " ")
            .as_str(),
    );
    let page = calf_report::page("A report", &results, &[]);
    assert!(page.contains("What did not end well") && page.contains("calf --watched"), "{page}");
}
