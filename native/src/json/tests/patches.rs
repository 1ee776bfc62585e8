//! Tables of what each patch operation leaves behind, byte for byte.

use super::super::*;

const fn add<'a>(path: &'a str, value: &'a str) -> Operation<'a> {
    Operation::Add { path, value }
}

fn patched(text: &str, operation: Operation) -> String {
    apply(text, &[operation]).unwrap_or_else(|error| panic!("{text} {operation:?}: {error}"))
}

const ADDED: &[(&str, &str, &str, &str)] = &[
    (r#"{"a":1}"#, "/b", "2", r#"{"a":1,"b":2}"#),
    (r#"{"a": 1}"#, "/b", "2", r#"{"a": 1, "b": 2}"#),
    (r#"{"a": 1,"b": 2}"#, "/c", "3", r#"{"a": 1,"b": 2,"c": 3}"#),
    (r#"{ "a" : 1 }"#, "/b", "2", r#"{ "a" : 1, "b" : 2 }"#),
    ("{\n  \"a\": 1\n}\n", "/b", "{\"c\":2}", "{\n  \"a\": 1,\n  \"b\": {\"c\":2}\n}\n"),
    ("{\r\n\t\"a\":1\r\n}", "/b", " 2 ", "{\r\n\t\"a\":1,\r\n\t\"b\":2\r\n}"),
    ("{\n \"a\": 1, \"b\": 2\n}", "/c", "3", "{\n \"a\": 1, \"b\": 2,\n \"c\": 3\n}"),
    ("{\n \"a\": {}\n}", "/a/b", "1", "{\n \"a\": {\"b\": 1}\n}"),
    ("{\"a\":[]}", "/a/0", "1", "{\"a\":[1]}"),
    ("{\"a\":[ ]}", "/a/-", "1", "{\"a\":[ 1 ]}"),
    ("{\"a\":\n{\"b\":\n1}}", "/a/c", "2", "{\"a\":\n{\"b\":\n1, \"c\": 2}}"),
    ("[1,2]", "/-", "3", "[1,2,3]"),
    ("[1, 2]", "/0", "0", "[0, 1, 2]"),
    ("[1, 2]", "/1", "9", "[1, 9, 2]"),
    ("[1, 2]", "/2", "3", "[1, 2, 3]"),
    ("[\n  1\n]", "/0", "0", "[\n  0,\n  1\n]"),
    ("[\n  1\n]", "/1", "2", "[\n  1,\n  2\n]"),
    ("{\"a\": [1]}", "/a/-", "2", "{\"a\": [1, 2]}"),
    ("{\"a\": 1.50 , \"b\": 1E2}", "/a", "[]", "{\"a\": [] , \"b\": 1E2}"),
    (
        "{\"a\":18446744073709551615}",
        "/n\u{1}\"\\",
        "1.0",
        "{\"a\":18446744073709551615,\"n\\u0001\\\"\\\\\":1.0}",
    ),
    ("{\"\\u0061/~\":{}}", "/a~1~0/b~01", "0", "{\"\\u0061/~\":{\"b~1\":0}}"),
    ("{\"a\":{}}", "/a/", "0", "{\"a\":{\"\":0}}"),
    (" {} ", "", "[1]", " [1] "),
    ("{\"}]\\\"\":\"{\\\\\",\"b\":[]}", "/b/-", "1", "{\"}]\\\"\":\"{\\\\\",\"b\":[1]}"),
];

#[test]
fn adds_in_the_style_around() {
    for (text, path, value, wanted) in ADDED {
        assert_eq!(patched(text, add(path, value)), *wanted, "{text} {path}");
    }
}

#[test]
fn replaces_and_removes() {
    for (text, path, wanted) in [
        ("{\"a\":1,\"b\":2}", "/a", "{\"b\":2}"),
        ("{\"a\":1,\"b\":2}", "/b", "{\"a\":1}"),
        ("{ \"a\" : 1 }", "/a", "{}"),
        ("{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}", "/a", "{\n  \"b\": 2,\n  \"c\": 3\n}"),
        ("{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}", "/b", "{\n  \"a\": 1,\n  \"c\": 3\n}"),
        ("{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}", "/c", "{\n  \"a\": 1,\n  \"b\": 2\n}"),
        ("[1 , [2, 3] , 4]", "/1/0", "[1 , [3] , 4]"),
        ("[1 , [2] , 4]", "/2", "[1 , [2]]"),
    ] {
        assert_eq!(patched(text, Operation::Remove { path }), wanted, "{text} {path}");
    }
    for (text, path, wanted) in [
        ("{\"a\" : 1 , \"b\":2}", "/a", "{\"a\" : \"x\" , \"b\":2}"),
        ("[1,[2, {}]]", "/1/1", "[1,[2, \"x\"]]"),
        ("\n1", "", "\n\"x\""),
    ] {
        assert_eq!(patched(text, Operation::Replace { path, value: "\"x\"" }), wanted, "{text} {path}");
    }
}

#[test]
fn applies_in_order() {
    let operations =
        [add("/b", "{}"), add("/b/c", "[]"), add("/b/c/-", "1"), Operation::Remove { path: "/a" }];
    assert_eq!(apply("{\"a\":0}", &operations).unwrap(), "{\"b\":{\"c\":[1]}}");
    assert_eq!(apply(" 1 ", &[]).unwrap(), " 1 ");
}

const REFUSED: &[(Operation, &str, usize, usize)] = &[
    (add("/x/y", "1"), "cannot add \"/x/y\": its parent does not exist", 1, 1),
    (add("/a/1/c/d", "1"), "cannot add \"/a/1/c/d\": its parent does not exist", 2, 11),
    (add("/a/0/c", "1"), "cannot add \"/a/0/c\": its parent is neither an object nor an array", 2, 8),
    (add("/a/3", "1"), "cannot add \"/a/3\": the index is past the end of the array", 2, 7),
    (add("/a/00", "1"), "cannot add \"/a/00\": its last part is not an array index", 2, 7),
    (add("/a/01", "1"), "cannot add \"/a/01\": its last part is not an array index", 2, 7),
    (add("a", "1"), "cannot add \"a\": it does not start with \"/\"", 1, 1),
    (add("/~2", "1"), "cannot add \"/~2\": \"~\" stands before neither \"0\" nor \"1\"", 1, 1),
    (add("/b", "1,2"), "the value for \"/b\" is not acceptable: text after the end of the document", 1, 2),
    (add("/b", ""), "the value for \"/b\" is not acceptable: the document is empty", 1, 1),
    (add("/b", "{\"c\":1,\"c\":2}"), "the value for \"/b\" is not acceptable: duplicate member \"c\"", 1, 8),
    (add("/\0", "1"), "\\u0000 in a string", 3, 3),
    (Operation::Replace { path: "/b", value: "1" }, "cannot replace \"/b\": there is no such value", 1, 1),
    (
        Operation::Replace { path: "/a/-", value: "1" },
        "cannot replace \"/a/-\": there is no such value",
        2,
        7,
    ),
    (Operation::Remove { path: "/a/2" }, "cannot remove \"/a/2\": there is no such value", 2, 7),
    (Operation::Remove { path: "/a/0/x" }, "cannot remove \"/a/0/x\": there is no such value", 2, 8),
    (Operation::Remove { path: "" }, "cannot remove \"\": the whole document cannot go", 1, 1),
];

#[test]
fn refuses_what_cannot_be_applied() {
    let text = "{\n \"a\": [1, {\"b\": 2}]}";
    for (operation, message, line, column) in REFUSED {
        let error = apply(text, &[*operation]).unwrap_err();
        assert_eq!((error.message.as_str(), error.line, error.column), (*message, *line, *column));
    }
    assert_eq!(apply("{\"a\":1]", &[]).unwrap_err().column, 7);
    let deep = "[".repeat(300) + &"]".repeat(300);
    let error =
        apply("{\"a\":1}", &[add("/b", &deep), add(&("/b".to_owned() + &"/0".repeat(299) + "/-"), &deep)]);
    assert!(error.unwrap_err().message.contains("nesting"));
}
