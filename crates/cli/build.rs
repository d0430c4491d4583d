//! Tells the command which commit it is made from, and for which target.

use std::process::Command;

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
}

fn main() {
    println!("cargo:rerun-if-changed=crates/cli/build.rs");
    println!("cargo:rustc-env=CALF_TARGET={}", std::env::var("TARGET").unwrap_or_default());
    // From an archive there is no commit, and no git perhaps.
    let commit = git(&["log", "-1", "--format=%h %cs"]);
    println!("cargo:rustc-env=CALF_COMMIT={}", commit.as_deref().unwrap_or("no commit"));
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo:rerun-if-changed={log}");
    }
}
