//! The map at a sixteenth of its size: its predictions, that a full collection copies no page where that is claimed, and that
//! the model and the kernel agree.

mod support;

use std::time::Duration;
use support::{Calf, OK};

#[test]
fn what_every_strategy_writes_is_what_is_predicted() {
    let outcome = Calf::new()
        .args(["lab", "run", "map", "--size", "262144"])
        .limit(Duration::from_secs(300))
        .run();
    outcome.expect_code(OK);
    let text = &outcome.stdout;
    assert!(!text.contains("does NOT hold"), "{text}");
    // Where the kernel does not say what was copied, the model has nothing to agree with.
    let all = if text.contains("MODEL ONLY") { "4 of 4 hold" } else { "5 of 5 hold" };
    assert!(text.contains(all), "{text}");
}
