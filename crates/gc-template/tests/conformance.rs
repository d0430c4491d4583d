//! The collector against every promise of the contract.

fn main() {
    calf_gc_kit::hold_to_its_promises::<mine::collector::Mine>(&mine::ROW)
}
