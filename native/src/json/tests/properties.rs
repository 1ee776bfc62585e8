//! Properties over arbitrary documents, with `serde_json` as the second opinion.

use super::super::*;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::Value as Tree;

const OPEN: Limits = Limits { max_depth: 64, member_names: "", map_names: "" };

/// A document before it is written down; `Text` is a scalar as spelled.
#[derive(Debug, Clone)]
enum Doc {
    Text(String),
    List(Vec<Doc>),
    Map(Vec<(String, Doc)>),
}

/// Where a node of a written document sits.
#[derive(Debug, Clone)]
struct Node {
    pointer: String,
    start: usize,
    value: usize,
    end: usize,
}

/// A document as text, and its nodes.
#[derive(Debug, Clone, Default)]
struct Written {
    text: String,
    nodes: Vec<Node>,
    spaces: Vec<usize>,
}

impl Written {
    fn space(&mut self) {
        let pick = self.spaces.pop().unwrap_or(0);
        self.spaces.insert(0, pick);
        self.text.push_str(["", " ", "\n  ", "", "\r\n\t", "\n\n          "][pick % 6]);
    }

    fn node(&mut self, doc: &Doc, pointer: &str, name: Option<&str>) {
        self.space();
        let start = self.text.len();
        if let Some(name) = name {
            self.text.push_str(&serde_json::to_string(name).unwrap());
            self.space();
            self.text.push(':');
            self.space();
        }
        let value = self.text.len();
        match doc {
            Doc::Text(text) => self.text.push_str(text),
            Doc::List(list) => {
                let entries = list.iter().enumerate().map(|(at, doc)| (at.to_string(), None, doc));
                self.entries(pointer, "[]", entries);
            }
            Doc::Map(map) => {
                let token = |name: &str| name.replace('~', "~0").replace('/', "~1");
                let entries = map.iter().map(|(name, doc)| (token(name), Some(name.as_str()), doc));
                self.entries(pointer, "{}", entries);
            }
        }
        self.nodes.push(Node { pointer: pointer.to_owned(), start, value, end: self.text.len() });
        self.space();
    }

    fn entries<'d>(
        &mut self,
        pointer: &str,
        brackets: &str,
        entries: impl Iterator<Item = (String, Option<&'d str>, &'d Doc)>,
    ) {
        self.text.push_str(&brackets[..1]);
        for (at, (token, name, doc)) in entries.enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            self.node(doc, &format!("{pointer}/{token}"), name);
        }
        if self.text.ends_with(brackets.as_bytes()[0] as char) {
            self.space();
        }
        self.text.push_str(&brackets[1..]);
    }
}

fn scalars() -> impl Strategy<Value = Doc> {
    prop_oneof![
        prop::sample::select(vec![
            "null",
            "true",
            "false",
            "0",
            "-0",
            "1.50",
            "1E2",
            "18446744073709551615",
            "1e-7",
            "\"\\u00e9\\/\"",
        ])
        .prop_map(|text| Doc::Text(text.to_owned())),
        any::<i64>().prop_map(|number| Doc::Text(number.to_string())),
        any::<String>().prop_map(|text| Doc::Text(serde_json::to_string(&text.replace('\0', "")).unwrap())),
    ]
}

fn documents() -> impl Strategy<Value = Written> {
    let docs = scalars().prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Doc::List),
            btree_map("[a-e]{1,2}|[~/\"\\\\é 0-9]{0,3}", inner.clone(), 0..6)
                .prop_map(|map| Doc::Map(map.into_iter().collect())),
            btree_map("[a-z]{2,9}", inner, 20..40).prop_map(|map| Doc::Map(map.into_iter().collect())),
        ]
    });
    (docs, vec(0usize..6, 1..20)).prop_map(|(doc, spaces)| {
        let mut written = Written { spaces, ..Written::default() };
        written.node(&doc, "", None);
        written
    })
}

fn tree(text: &str) -> Tree {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn agrees(ours: &Value, theirs: &Tree) -> bool {
    match (ours, theirs) {
        (Value::Null, Tree::Null) => true,
        (Value::Bool(left), Tree::Bool(right)) => left == right,
        (Value::Number(left), Tree::Number(_)) => tree(left) == *theirs,
        (Value::String(left), Tree::String(right)) => left == right,
        (Value::Array(left), Tree::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| agrees(left, right))
        }
        (Value::Object(left), Tree::Object(right)) => {
            let same = |((name, left), (other, right)): (&(_, _), _)| name == other && agrees(left, right);
            left.len() == right.len() && left.iter().zip(right).all(same)
        }
        _ => false,
    }
}

/// The operation on a tree, as RFC 6902 tells it; `None` where it is an error.
fn expected(mut root: Tree, operation: &Operation) -> Option<Tree> {
    let (path, value) = match operation {
        Operation::Add { path, value } | Operation::Replace { path, value } => (*path, Some(tree(value))),
        Operation::Remove { path } => (*path, None),
    };
    if path.is_empty() {
        return value;
    }
    let adds = matches!(operation, Operation::Add { .. });
    let (parent, token) = path.rsplit_once('/')?;
    let token = token.replace("~1", "/").replace("~0", "~");
    match root.pointer_mut(parent)? {
        Tree::Object(map) if adds || map.contains_key(&token) => match value {
            Some(value) => drop(map.insert(token, value)),
            None => drop(map.shift_remove(&token)),
        },
        Tree::Array(list) => {
            let at = if token == "-" { list.len() } else { token.parse().ok()? };
            if (token != "-" && token != at.to_string()) || at >= list.len() + usize::from(adds) {
                return None;
            }
            match (value, adds) {
                (Some(value), true) => list.insert(at, value),
                (Some(value), false) => list[at] = value,
                (None, _) => drop(list.remove(at)),
            }
        }
        _ => return None,
    }
    Some(root)
}

/// Whether `longer` is `shorter` with one run put in that lies around `core`.
fn one_run(shorter: &str, longer: &str, core: std::ops::Range<usize>) -> bool {
    let (short, long) = (shorter.as_bytes(), longer.as_bytes());
    let length = long.len() - short.len();
    let fits = |from: usize| {
        let to = from + length;
        let inside = from <= core.start && core.end <= to;
        inside && short[..from] == long[..from] && short[from..] == long[to..]
    };
    (0..=short.len()).any(fits)
}

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn parse_agrees_with_serde_json(written in documents()) {
        let ours = parse(&written.text, &OPEN).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(agrees(&ours, &tree(&written.text)));
    }

    #[test]
    fn parse_never_panics_and_accepts_no_more_than_serde_json(text in any::<String>(), json in "[\\[\\]{}\",:0-9eE.+\\-\\\\untrfalse \n]{0,40}") {
        for text in [text, json] {
            let ours = parse(&text, &OPEN);
            prop_assert!(ours.is_err() || serde_json::from_str::<Tree>(&text).is_ok());
        }
    }

    #[test]
    fn mutated_documents_never_panic(written in documents(), at in any::<prop::sample::Index>(), put in any::<char>(), drops in 0usize..3) {
        let mut characters: Vec<char> = written.text.chars().collect();
        let at = at.index(characters.len());
        characters.splice(at..(at + drops).min(characters.len()), [put]);
        let text: String = characters.into_iter().collect();
        let ours = parse(&text, &OPEN);
        prop_assert!(ours.is_err() || serde_json::from_str::<Tree>(&text).is_ok());
        let _ = apply(&text, &[Operation::Remove { path: "/a" }, Operation::Add { path: "/0", value: "1" }]);
    }

    #[test]
    fn apply_matches_the_tree_and_keeps_other_bytes(
        written in documents(), pick in any::<prop::sample::Index>(), more in "(/(new|-|[0-4]|01|a))?", value in documents(),
    ) {
        let (text, node) = (&written.text, &written.nodes[pick.index(written.nodes.len())]);
        let (path, value) = (format!("{}{more}", node.pointer), value.text.as_str());
        let path = path.as_str();
        for operation in [Operation::Add { path, value }, Operation::Replace { path, value }, Operation::Remove { path }] {
            let wanted = expected(tree(text), &operation);
            let result = apply(text, &[operation]);
            prop_assert_eq!(result.is_ok(), wanted.is_some(), "{} {:?} {:?}", text, operation, result);
            let (Ok(result), Some(wanted)) = (result, wanted) else { continue };
            prop_assert_eq!(tree(&result), wanted, "{} {:?} {}", text, operation, &result);
            let exact = more.is_empty().then_some(node);
            match (operation, exact) {
                (Operation::Replace { .. }, Some(node)) => {
                    let trimmed = value.trim_matches([' ', '\n', '\r', '\t']);
                    prop_assert_eq!(result, [&text[..node.value], trimmed, &text[node.end..]].concat());
                }
                (Operation::Remove { .. }, Some(node)) => prop_assert!(one_run(&result, text, node.start..node.end)),
                (Operation::Add { .. }, None) if result.len() > text.len() && !written.nodes.iter().any(|node| node.pointer == path) => {
                    prop_assert!(one_run(text, &result, 0..0) || (0..text.len()).any(|at| one_run(text, &result, at..at)));
                }
                _ => {}
            }
        }
    }

    #[test]
    fn apply_never_panics(written in documents(), path in any::<String>(), pointer in "(/([a-c~01-]{0,3}|é))*", value in any::<String>()) {
        for path in [path.as_str(), &pointer] {
            for value in [value.as_str(), "1"] {
                let operations = [Operation::Add { path, value }, Operation::Replace { path, value }, Operation::Remove { path }];
                for operation in operations {
                    if let Ok(result) = apply(&written.text, &[operation]) {
                        prop_assert!(serde_json::from_str::<Tree>(&result).is_ok());
                    }
                }
            }
        }
    }
}
