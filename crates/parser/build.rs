//! Makes the parser from the grammar.

fn main() {
    let grammar = "../../grammar";
    println!("cargo::rerun-if-changed={grammar}/calf.lalrpop");
    println!("cargo::rerun-if-changed=build.rs");
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    lalrpop::Configuration::new()
        .set_in_dir(grammar)
        .set_out_dir(out)
        .process()
        .expect("the grammar is LR(1); if not, the conflict is shown above");
}
