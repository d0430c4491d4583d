//! The command `calf`.

fn main() {
    calf_lang::run_with(&[])
}
