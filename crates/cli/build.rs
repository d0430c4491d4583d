//! Tells the command which commit it is made from, and for which target.

use std::process::Command;

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
}

fn main() {
    println!("cargo:rerun-if-changed=crates/cli/build.rs");
    println!("cargo:rustc-env=CALF_TARGET={}", std::env::var("TARGET").unwrap_or_default());
    link_at_fixed_address();
    // From an archive there is no commit, and no git perhaps.
    let commit = git(&["log", "-1", "--format=%h %cs"]);
    println!("cargo:rustc-env=CALF_COMMIT={}", commit.as_deref().unwrap_or("no commit"));
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo:rerun-if-changed={log}");
    }
}

/// Links the command for one address. One that may lie anywhere has 11 000 addresses to be written into it at every start, which
/// touches seventy pages before the first instruction: a quarter of the time that an empty program takes.
fn link_at_fixed_address() {
    let target = |part: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    // One with the C library in it has a form of its own.
    let is_static = target("FEATURE").split(',').any(|feature| feature == "crt-static");
    if target("OS") == "linux" && target("ENV") == "gnu" && !is_static {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}
