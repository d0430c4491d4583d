//! "Did you mean …?"

/// The candidate that `name` most likely is a misspelling of, if any is close: at most a third of the characters (at least one) are
/// wrong, counting swapped neighbours as one. Among equally close ones, the first.
pub fn suggest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let allowed = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| {
            *candidate != name && candidate.len().abs_diff(name.len()) <= 4 * allowed
        })
        .map(|candidate| (strsim::osa_distance(name, candidate), candidate))
        // A name of one or two letters is close to everything: there, only the other case counts.
        .filter(|&(distance, candidate)| {
            distance <= allowed
                && (name.chars().count() > 2 || candidate.eq_ignore_ascii_case(name))
        })
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::suggest;

    #[test]
    fn finds_the_nearest_name() {
        assert_eq!(suggest("lenght", ["len", "length", "width"]), Some("length"));
        assert_eq!(suggest("indxe", ["index", "indent"]), Some("index"));
        assert_eq!(suggest("N", ["n", "m"]), Some("n"));
    }

    #[test]
    fn is_silent_where_nothing_is_close() {
        assert_eq!(suggest("x", ["y", "z", "xs"]), None);
        assert_eq!(suggest("inline", ["frozen", "none"]), None);
        assert_eq!(suggest("same", ["same"]), None);
        assert_eq!(suggest("", [""]), None);
    }
}
