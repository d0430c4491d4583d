//! Fields of a line of results: what is missing or of another kind is as if it were empty.

use serde_json::Value;
use std::collections::BTreeMap;

/// The text of this key.
pub(crate) fn text(line: &Value, key: &str) -> String {
    line.get(key).and_then(Value::as_str).unwrap_or_default().to_string()
}

/// The number of this key, if it is one.
pub(crate) fn number(line: &Value, key: &str) -> Option<f64> {
    line.get(key).and_then(Value::as_f64)
}

/// The items of the list of this key.
pub(crate) fn items<'a>(line: &'a Value, key: &str) -> &'a [Value] {
    line.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The texts in the list of this key.
pub(crate) fn texts(line: &Value, key: &str) -> Vec<String> {
    items(line, key).iter().filter_map(Value::as_str).map(str::to_string).collect()
}

/// The numbers by name in the object of this key.
pub(crate) fn numbers(line: &Value, key: &str) -> BTreeMap<String, f64> {
    let fields = line.get(key).and_then(Value::as_object).into_iter().flatten();
    fields.filter_map(|(name, value)| Some((name.clone(), value.as_f64()?))).collect()
}

/// The pairs of numbers in the list of this key.
pub(crate) fn pairs(line: &Value, key: &str) -> Vec<(f64, f64)> {
    let pair = |item: &Value| Some((item.get(0)?.as_f64()?, item.get(1)?.as_f64()?));
    items(line, key).iter().filter_map(pair).collect()
}
