//! Who descends from whom.

use std::collections::BTreeMap;
use std::fs;

/// A process as a member of a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its parent's number.
    pub parent: i32,
    /// Its name, as `ps` shows it; cut after 15 bytes by the kernel.
    pub name: String,
}

impl Member {
    /// Looks at `/proc/PID/stat`; `None` if there is no such process.
    pub fn look(pid: i32) -> Option<Member> {
        parse(&String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/stat")).ok()?))
    }
}

/// `pid (name) state parent …`; a name may hold anything, parentheses included.
fn parse(stat: &str) -> Option<Member> {
    let name = stat.find('(')? + 1..stat.rfind(')')?;
    let mut rest = stat.get(name.end + 1..)?.split_whitespace();
    let parent = rest.nth(1)?.parse().ok()?;
    Some(Member { parent, name: stat.get(name)?.to_string() })
}

/// All processes that one may see, by number.
#[derive(Clone, Debug, Default)]
pub struct Family(BTreeMap<i32, Member>);

impl Family {
    /// Lists `/proc`.
    pub fn of_all() -> Family {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        Family(pids.filter_map(|pid| Some((pid, Member::look(pid)?))).collect())
    }

    /// `pid` and everybody who descends from it, each behind its parent, siblings in the order of their numbers; with how many
    /// generations lie between.
    pub fn tree(&self, pid: i32) -> Vec<(i32, usize)> {
        let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        for (&child, member) in &self.0 {
            children.entry(member.parent).or_default().push(child);
        }
        let mut found: Vec<(i32, usize)> = Vec::new();
        let mut stack = vec![(pid, 0)];
        while let Some((pid, depth)) = stack.pop() {
            found.push((pid, depth));
            // A number is used again once its process is gone: nobody is listed twice.
            let next = children.remove(&pid).unwrap_or_default();
            stack.extend(next.into_iter().rev().map(|child| (child, depth + 1)));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_parentheses() {
        let member = parse("7 (a) b (c)) S 3 7 7 0").unwrap();
        assert_eq!(member, Member { parent: 3, name: "a) b (c)".to_string() });
        assert!(parse("7 (half").is_none());
    }

    #[test]
    fn a_tree_lists_each_behind_its_parent() {
        let member = |parent| Member { parent, name: String::new() };
        let parents = [(1, 0), (5, 1), (6, 5), (7, 1), (8, 6), (9, 5)];
        let family =
            Family(parents.into_iter().map(|(pid, parent)| (pid, member(parent))).collect());
        assert_eq!(family.tree(5), [(5, 0), (6, 1), (8, 2), (9, 1)]);
        assert_eq!(family.tree(8), [(8, 0)]);
    }

    #[test]
    fn this_process_is_there() {
        let own = std::process::id() as i32;
        assert!(Family::of_all().tree(own).contains(&(own, 0)));
        assert!(Member::look(own).is_some() && Member::look(i32::MAX).is_none());
    }
}
